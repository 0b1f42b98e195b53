SELECT migrate_revision(
  revision      => 'vwx234',
  down_revision => 'stu901',
  message       => $msg$Backfill youtube_video_id from legacy youtube_id field

Copy data from old youtube_id column to new youtube_video_id column.
Each batch is committed: no lock is held for long, and a stopped run goes on where it was.$msg$,
  upgrade       => $up$
    SELECT safe_backfill('videos', 'youtube_video_id = youtube_id',
                         'youtube_video_id IS NULL AND youtube_id IS NOT NULL');
$up$,
  -- Nothing to undo: the data is a copy, and the column is dropped by a revision of its own.
  downgrade     => '');
