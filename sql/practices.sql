-- The practices and pitfalls that teams write down for their migrations.
CREATE EXTENSION pg_headway;
CREATE TABLE videos (id int PRIMARY KEY, state text);
INSERT INTO videos VALUES (1, 'completed'), (2, 'pending');

-- IF NOT EXISTS: a revision that is run over its own result changes nothing
SELECT migrate_revision('a1', NULL, 'Add two things', $up$
  ALTER TABLE videos ADD COLUMN IF NOT EXISTS thumbnail_url text;
  CREATE INDEX IF NOT EXISTS videos_thumbnail_idx ON videos (thumbnail_url);
$up$, $down$
  DROP INDEX IF EXISTS videos_thumbnail_idx;
  ALTER TABLE videos DROP COLUMN IF EXISTS thumbnail_url;
$down$);
SELECT migrate_upgrade();
SELECT migrate_stamp('base');
SELECT migrate_upgrade();
SELECT migrate_downgrade('base');
SELECT migrate_stamp('a1');
SELECT migrate_downgrade('base');

-- without it the second time fails, and nothing of it is left behind
SELECT migrate_revision('a1', NULL, 'Add two things', $up$
  CREATE TABLE thumbnails (id int);
  ALTER TABLE videos ADD COLUMN state text;
$up$, 'DROP TABLE thumbnails');
SELECT migrate_upgrade();
SELECT to_regclass('thumbnails');

-- a docstring: the first line is what lists show, all of it is kept
SELECT migrate_revision('a1', NULL, $msg$Add caching table for video metadata

This table stores cached metadata from YouTube API to reduce API calls.
Cache entries expire after 24 hours (handled in application code).
$msg$, 'CREATE TABLE cache (id int)', 'DROP TABLE cache');
SELECT migrate_upgrade();
SELECT message FROM migrate_current();
SELECT message FROM headway.revision;

-- an applied revision is not modified
SELECT migrate_revision('a1', NULL, 'Add caching table for video metadata', $up$
  CREATE TABLE cache (id int);
  CREATE TABLE added_later (id int);
$up$, 'DROP TABLE cache');
\echo :LAST_ERROR_SQLSTATE
-- nor moved
SELECT migrate_revision('a1', 'a0', 'Add caching table for video metadata', 'CREATE TABLE cache (id int)', 'DROP TABLE cache');
\echo :LAST_ERROR_SQLSTATE
-- nor given a new dependency, which would count as applied without having been run
SELECT migrate_revision('b1', NULL, 'Another base', 'CREATE TABLE b (id int)', 'DROP TABLE b');
SELECT migrate_revision('a1', NULL, 'Add caching table for video metadata', 'CREATE TABLE cache (id int)', 'DROP TABLE cache',
                        depends_on => 'b1');
DELETE FROM headway.revision WHERE revision = 'b1';
-- white space, comments and line ends are no modification
SELECT migrate_revision('a1', NULL, $msg$Add caching table for video metadata

This table stores cached metadata from YouTube API to reduce API calls.
Cache entries expire after 24 hours (handled in application code).$msg$,
  E'create   table\r\n/* no longer than needed */ "cache" (id integer) -- all\r\n;\r\n', 'DROP TABLE cache');
-- a literal is
SELECT migrate_revision('a1', NULL, 'm', 'CREATE TABLE cache (id int DEFAULT 1)', 'DROP TABLE cache');
-- its downgrade and its message may be corrected
SELECT migrate_revision('a1', NULL, 'Add a cache', 'CREATE TABLE cache (id int)', 'DROP TABLE IF EXISTS cache CASCADE');
SELECT message, downgrade FROM headway.revision;
-- and once it is not applied any more, all of it
SELECT migrate_downgrade('base');
SELECT migrate_revision('a1', NULL, 'Add a cache', 'CREATE TABLE cache (id bigint)', 'DROP TABLE cache');
SELECT migrate_upgrade();

-- the way to do it: a new revision
SELECT migrate_revision('a2', 'a1', 'Add status to videos', 'ALTER TABLE videos ADD COLUMN status text',
                        'ALTER TABLE videos DROP COLUMN IF EXISTS status');
-- schema and data in revisions of their own: each its own transaction, so the lock of the first is not held in the second
SELECT migrate_revision('a3', 'a2', 'Fill status', $$
  UPDATE videos SET status = 'active' WHERE state = 'completed';
  DO 'BEGIN
    IF EXISTS (SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND mode = ''AccessExclusiveLock'') THEN
      RAISE ''a strong lock is still held'';
    END IF;
  END';
$$, '');
SELECT migrate_upgrade();
SELECT * FROM videos ORDER BY id;
SELECT count(DISTINCT xmin::text) FROM headway.step WHERE revision IN ('a2', 'a3') AND result = 'done';

-- no downgrade is not the same as an empty one: it is refused before anything runs
SELECT migrate_revision('a4', 'a3', 'Forget old states', 'ALTER TABLE videos DROP COLUMN state');
SELECT migrate_revision('a5', 'a4', 'Add a table', 'CREATE TABLE on_top (id int)', 'DROP TABLE on_top');
SELECT migrate_upgrade();
SELECT migrate_downgrade('a2');
\echo :LAST_ERROR_SQLSTATE
SELECT to_regclass('on_top');
SELECT migrate_downgrade('a4');
SELECT migrate_downgrade('a3');
BEGIN;
SELECT migrate_downgrade('a3');
ROLLBACK;
SELECT * FROM migrate_current();
-- the hint's way out
SELECT migrate_revision('a4', 'a3', 'Forget old states', 'ALTER TABLE videos DROP COLUMN state', '');
SELECT migrate_downgrade('a2');
SELECT * FROM migrate_current();

SELECT migrate_downgrade('base');
DROP TABLE videos;
DROP EXTENSION pg_headway;
