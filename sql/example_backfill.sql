-- Example 5: a backfill in batches.
CREATE EXTENSION pg_headway;
\getenv abs_srcdir PG_ABS_SRCDIR
\set tables :abs_srcdir '/examples/00_tables.sql'
\set backfill :abs_srcdir '/examples/07_backfill.sql'
SET client_min_messages = error;
\set ECHO none
\i :tables
\i :backfill
\set ECHO all
RESET client_min_messages;
SELECT migrate_revision('stu901', 'abc123', 'Stands for the revisions between', '', '');
SELECT migrate_upgrade('stu901');
INSERT INTO videos (title, youtube_id, youtube_video_id)
SELECT 'video ' || i, CASE WHEN i % 10 > 0 THEN 'yt' || i END, CASE WHEN i % 7 = 0 THEN 'kept' || i END
FROM generate_series(1, 25000) AS i;
SELECT count(*) AS all, count(youtube_id) AS with_id, count(youtube_video_id) AS done,
       count(*) FILTER (WHERE youtube_video_id IS NULL AND youtube_id IS NOT NULL) AS to_do FROM videos;

SELECT step, revision, transactional FROM migrate_plan();
\set VERBOSITY terse
SELECT migrate_upgrade('head');
\set VERBOSITY default
SELECT count(*) FILTER (WHERE youtube_video_id = youtube_id) AS copied,
       count(*) FILTER (WHERE youtube_video_id LIKE 'kept%') AS kept,
       count(*) FILTER (WHERE youtube_video_id IS NULL AND youtube_id IS NULL) AS without,
       count(*) FILTER (WHERE youtube_video_id IS NULL AND youtube_id IS NOT NULL) AS to_do FROM videos;
-- in more than one transaction
SELECT count(DISTINCT xmin::text) > 1 AS batches FROM videos;
SELECT name, relation, set_clause, where_clause, strategy, revision, state, rows_done, batches > 1 AS batches,
       last_error, finished_at IS NOT NULL AS finished FROM headway.backfill;

-- down: nothing to undo, the data stays
SELECT migrate_downgrade('-1');
SELECT count(*) FROM videos WHERE youtube_video_id = youtube_id;
SELECT * FROM migrate_current();

-- up again: rows that have come meanwhile are done
INSERT INTO videos (title, youtube_id) VALUES ('late', 'yt-late');
\set VERBOSITY terse
SELECT migrate_upgrade('head');
\set VERBOSITY default
SELECT youtube_video_id FROM videos WHERE title = 'late';
SELECT revision, direction, result FROM headway.history WHERE revision = 'vwx234' ORDER BY id;

-- not in a transaction
SELECT migrate_downgrade('-1');
BEGIN;
SELECT migrate_upgrade('head');
ROLLBACK;

SELECT migrate_downgrade('base');
DROP EXTENSION pg_headway;
