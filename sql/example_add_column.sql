-- Example 1: a column, plain and with a default, from the shipped files.
CREATE EXTENSION pg_headway;
\getenv abs_srcdir PG_ABS_SRCDIR
\set tables :abs_srcdir '/examples/00_tables.sql'
\set add_column :abs_srcdir '/examples/01_add_column.sql'
\set add_column_with_default :abs_srcdir '/examples/02_add_column_with_default.sql'
\set ECHO none
\i :tables
\i :add_column
\i :add_column_with_default
\set ECHO all

SELECT migrate_upgrade('abc123');
INSERT INTO videos (title) VALUES ('old video');
INSERT INTO jobs (state) VALUES ('pending'), ('running');

-- up
SELECT migrate_upgrade('def456');
SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull FROM pg_attribute
WHERE attrelid = 'videos'::regclass AND attname = 'thumbnail_url';
SELECT migrate_upgrade('ghi789');
SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull FROM pg_attribute
WHERE attrelid = 'jobs'::regclass AND attname = 'processing_priority';
-- rows of before have the default
SELECT id, processing_priority FROM jobs ORDER BY id;
SELECT * FROM migrate_current();

-- down
SELECT migrate_downgrade('-1');
SELECT count(*) FROM pg_attribute WHERE attrelid = 'jobs'::regclass AND attname = 'processing_priority';
SELECT migrate_downgrade('abc123');
SELECT count(*) FROM pg_attribute WHERE attrelid = 'videos'::regclass AND attname = 'thumbnail_url';
SELECT * FROM migrate_current();

-- up again
SELECT migrate_upgrade();
SELECT attname FROM pg_attribute WHERE attname IN ('thumbnail_url', 'processing_priority')
AND attrelid IN ('videos'::regclass, 'jobs'::regclass) ORDER BY attname;

-- IF NOT EXISTS: a column that somebody has added by hand meanwhile is no obstacle
SELECT migrate_downgrade('abc123');
ALTER TABLE videos ADD COLUMN thumbnail_url text;
SELECT migrate_upgrade('def456');
SELECT revision, direction, result, lock_tries FROM headway.history ORDER BY id;

SELECT migrate_downgrade('base');
SELECT count(*) FROM headway.version;
DROP EXTENSION pg_headway;
