SELECT migrate_revision(
  revision      => 'jkl012',
  down_revision => 'ghi789',
  message       => $msg$Add video_metadata table for extended video information

Store additional metadata about videos that doesn't fit in the main videos table.$msg$,
  upgrade       => $up$
    CREATE TABLE IF NOT EXISTS video_metadata (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        video_id uuid NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
        view_count bigint,
        like_count bigint,
        comment_count bigint,
        channel_id text,
        category_id text,
        tags text[],
        fetched_at timestamptz NOT NULL DEFAULT now(),
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
    );

    CREATE INDEX IF NOT EXISTS video_metadata_video_id_idx ON video_metadata (video_id);
    CREATE INDEX IF NOT EXISTS video_metadata_channel_id_idx ON video_metadata (channel_id);
$up$,
  downgrade     => $down$
    -- The indexes go with the table.
    DROP TABLE IF EXISTS video_metadata CASCADE;
$down$);
