SELECT migrate_revision(
  revision      => 'def456',
  down_revision => 'abc123',
  message       => $msg$Add thumbnail_url to videos table

Store YouTube video thumbnail URLs for faster UI rendering.$msg$,
  upgrade       => $up$
    -- Nullable: backwards compatible, and nothing is rewritten.
    ALTER TABLE videos ADD COLUMN IF NOT EXISTS thumbnail_url text;
$up$,
  downgrade     => $down$
    -- Thumbnails can be fetched again: losing them is acceptable.
    ALTER TABLE videos DROP COLUMN IF EXISTS thumbnail_url;
$down$);
