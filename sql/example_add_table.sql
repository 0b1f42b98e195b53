-- Example 2: a table with its indexes.
CREATE EXTENSION pg_headway;
\getenv abs_srcdir PG_ABS_SRCDIR
\set tables :abs_srcdir '/examples/00_tables.sql'
\set add_table :abs_srcdir '/examples/03_add_table.sql'
\set add_column :abs_srcdir '/examples/01_add_column.sql'
\set add_column_with_default :abs_srcdir '/examples/02_add_column_with_default.sql'
-- in any order: the parent of a revision may come later (a warning says so; here it would show the file's path)
SET client_min_messages = error;
\set ECHO none
\i :add_table
\i :add_column_with_default
\i :add_column
\i :tables
\set ECHO all
RESET client_min_messages;

SELECT migrate_upgrade('head');
SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull FROM pg_attribute
WHERE attrelid = 'video_metadata'::regclass AND attnum > 0 ORDER BY attnum;
SELECT indexrelid::regclass AS index, indisvalid FROM pg_index WHERE indrelid = 'video_metadata'::regclass ORDER BY indexrelid::regclass::text;
-- the reference works
INSERT INTO videos (id, title) VALUES ('00000000-0000-0000-0000-000000000001', 'a video');
INSERT INTO video_metadata (video_id, view_count) SELECT id, 10 FROM videos;
DELETE FROM videos;
SELECT count(*) FROM video_metadata;

SELECT migrate_downgrade('-1');
SELECT to_regclass('video_metadata'), to_regclass('video_metadata_channel_id_idx');
SELECT migrate_upgrade('+1');
SELECT to_regclass('video_metadata'), to_regclass('video_metadata_channel_id_idx');

SELECT migrate_downgrade('base');
SELECT to_regclass('video_metadata'), to_regclass('videos');
DROP EXTENSION pg_headway;
