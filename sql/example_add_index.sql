-- Example 3: an index, plain and concurrently.
CREATE EXTENSION pg_headway;
\getenv abs_srcdir PG_ABS_SRCDIR
\set tables :abs_srcdir '/examples/00_tables.sql'
\set add_index :abs_srcdir '/examples/04_add_index.sql'
\set add_index_concurrently :abs_srcdir '/examples/05_add_index_concurrently.sql'
SET client_min_messages = error;
\set ECHO none
\i :tables
\i :add_index
\i :add_index_concurrently
\set ECHO all
RESET client_min_messages;
-- the revisions between the tables and the index are left out here
SELECT migrate_upgrade('head');
SELECT migrate_revision('jkl012', 'abc123', 'Stands for the revisions between', '', '');
SELECT step, revision, message, transactional FROM migrate_plan();

SELECT migrate_upgrade('mno345');
SELECT pg_get_indexdef('videos_created_at_idx'::regclass);
SELECT migrate_downgrade('-1');
SELECT to_regclass('videos_created_at_idx');

-- both: a plain step and a concurrent one in one run
SELECT migrate_upgrade('head');
SELECT pg_get_indexdef('segments_video_lookup_idx'::regclass);
SELECT indisvalid, indisready FROM pg_index WHERE indexrelid = 'segments_video_lookup_idx'::regclass;

-- nothing is left over of a run statement by statement
SELECT count(*) FROM headway.unfinished;
SELECT migrate_downgrade('mno345');
SELECT to_regclass('segments_video_lookup_idx'), to_regclass('videos_created_at_idx');
SELECT migrate_upgrade('head');
SELECT to_regclass('segments_video_lookup_idx'), to_regclass('videos_created_at_idx');

-- IF NOT EXISTS: made by hand before
SELECT migrate_downgrade('mno345');
CREATE INDEX segments_video_lookup_idx ON segments (video_id, created_at DESC);
SELECT migrate_upgrade('head');
SELECT revision, direction, result FROM headway.history WHERE revision = 'pqr678' ORDER BY id;

-- not in a transaction: the plan is refused before anything runs
SELECT migrate_downgrade('jkl012');
BEGIN;
SELECT migrate_upgrade('head');
ROLLBACK;
SELECT to_regclass('segments_video_lookup_idx'), to_regclass('videos_created_at_idx');
SELECT * FROM migrate_current();

SELECT migrate_downgrade('base');
DROP EXTENSION pg_headway;
