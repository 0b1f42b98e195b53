SELECT migrate_revision(
  revision      => 'mno345',
  down_revision => 'jkl012',
  message       => $msg$Add index on videos.created_at for faster date queries

Improve performance of queries filtering/sorting by video creation date.$msg$,
  upgrade       => $up$
    CREATE INDEX IF NOT EXISTS videos_created_at_idx ON videos (created_at DESC);
$up$,
  downgrade     => $down$
    DROP INDEX IF EXISTS videos_created_at_idx;
$down$);
