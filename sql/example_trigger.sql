-- Example 7: a trigger and its function.
CREATE EXTENSION pg_headway;
\getenv abs_srcdir PG_ABS_SRCDIR
\set tables :abs_srcdir '/examples/00_tables.sql'
\set add_trigger :abs_srcdir '/examples/09_add_trigger.sql'
SET client_min_messages = error;
\set ECHO none
\i :tables
\i :add_trigger
\set ECHO all
RESET client_min_messages;
SELECT migrate_revision('yza567', 'abc123', 'Stands for the revisions between', '', '');
SELECT migrate_upgrade('head');
SELECT tgname, tgenabled, tgfoid::regproc FROM pg_trigger WHERE tgrelid = 'videos'::regclass AND NOT tgisinternal;

-- it fires
INSERT INTO videos (title, updated_at) VALUES ('a video', '2001-01-01');
SELECT updated_at < '2002-01-01' AS old FROM videos;
UPDATE videos SET title = 'another title';
SELECT updated_at > '2002-01-01' AS new FROM videos;

-- down
SELECT migrate_downgrade('-1');
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'videos'::regclass AND NOT tgisinternal;
SELECT count(*) FROM pg_proc WHERE proname = 'update_videos_updated_at';
UPDATE videos SET updated_at = '2001-01-01';
SELECT updated_at < '2002-01-01' AS old FROM videos;

-- up again, and once more over what is there
SELECT migrate_upgrade('head');
SELECT migrate_stamp('yza567');
SELECT migrate_upgrade('head');
UPDATE videos SET title = 'a third title';
SELECT updated_at > '2002-01-01' AS new FROM videos;

SELECT migrate_downgrade('base');
SELECT count(*) FROM pg_proc WHERE proname = 'update_videos_updated_at';
DROP EXTENSION pg_headway;
