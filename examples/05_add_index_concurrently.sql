SELECT migrate_revision(
  revision      => 'pqr678',
  down_revision => 'mno345',
  message       => $msg$Add index on segments.video_id for faster lookups

Create the index concurrently to avoid locking the segments table during creation.
It needs no manual execution in production: it runs as part of migrate_upgrade(), outside of a transaction.$msg$,
  upgrade       => $up$
    CREATE INDEX CONCURRENTLY IF NOT EXISTS segments_video_lookup_idx
    ON segments (video_id, created_at DESC);
$up$,
  downgrade     => $down$
    DROP INDEX CONCURRENTLY IF EXISTS segments_video_lookup_idx;
$down$);
