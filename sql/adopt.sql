-- migrate_adopt(), headway.mirror_version_table: beside Alembic.
CREATE EXTENSION pg_headway;
SELECT migrate_revision('aaa1', NULL, 'One', 'CREATE TABLE adopted ()', 'DROP TABLE adopted'),
  migrate_revision('bbb2', 'aaa1', 'Two', '', ''), migrate_revision('ccc3', 'aaa1', 'Three', '', ''),
  migrate_revision('mmm4', 'bbb2, ccc3', 'Merge', '', '');

-- no table, no version table, a table of somebody else's shape
SELECT migrate_adopt();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_adopt(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_adopt('headway.version');
\echo :LAST_ERROR_SQLSTATE
CREATE VIEW alembic_version AS SELECT 'aaa1'::text AS version_num;
SELECT migrate_adopt();
\echo :LAST_ERROR_SQLSTATE
DROP VIEW alembic_version;
SELECT migrate_adopt(0);
\echo :LAST_ERROR_SQLSTATE

-- what it names must be registered
CREATE TABLE alembic_version (version_num varchar(32) CONSTRAINT alembic_version_pkc PRIMARY KEY);
SELECT migrate_adopt();
INSERT INTO alembic_version VALUES ('bbb2'), ('zzz9');
SELECT migrate_adopt();
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM headway.version;

-- taken over
CREATE TABLE adopted ();
UPDATE alembic_version SET version_num = 'ccc3' WHERE version_num = 'zzz9';
SELECT migrate_adopt();
SELECT revision, is_head FROM migrate_current();
SELECT revision, direction, result FROM headway.history ORDER BY id;
SELECT migrate_adopt('public.alembic_version');

-- without the setting the table is left alone, and a second adoption does not go back silently
SELECT migrate_upgrade();
SELECT array_agg(version_num ORDER BY 1) FROM alembic_version;
SELECT migrate_adopt();
\echo :LAST_ERROR_SQLSTATE

-- with it nothing runs until both say the same
SET headway.mirror_version_table = 'public.alembic_version';
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_downgrade('base');
SELECT * FROM migrate_check();
SELECT migrate_stamp('mmm4');
SELECT * FROM alembic_version;
SELECT * FROM migrate_check();

-- step by step: unmerged, one branch down, down to base, up again
SELECT migrate_downgrade('bbb2');
SELECT array_agg(version_num ORDER BY 1) FROM alembic_version;
SELECT migrate_downgrade('ccc3@-1');
SELECT array_agg(version_num ORDER BY 1) FROM alembic_version;
SELECT migrate_downgrade('base');
SELECT count(*) FROM alembic_version;
SELECT migrate_upgrade('heads');
SELECT * FROM alembic_version;

-- one transaction with the step: undone together
BEGIN;
SELECT migrate_downgrade('base');
SELECT count(*) FROM alembic_version;
ROLLBACK;
SELECT version_num, revision FROM alembic_version, headway.version;
SELECT migrate_revision('bad5', 'mmm4', 'Fails at its commit', $$
  CREATE TABLE late (n int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO late VALUES (1), (1)$$, '');
SELECT migrate_upgrade();
SELECT version_num, revision FROM alembic_version, headway.version;

-- changed underneath while it runs
SELECT migrate_revision('bad5', 'mmm4', 'Plays with the table', $$UPDATE alembic_version SET version_num = 'else'$$, '');
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
SELECT version_num, revision FROM alembic_version, headway.version;
SELECT migrate_forget('bad5');

-- a stamp says what is true
UPDATE alembic_version SET version_num = 'else';
SELECT migrate_stamp('bbb2', purge => true);
SELECT version_num, revision FROM alembic_version, headway.version;
SELECT migrate_stamp('base');
SELECT count(*) FROM alembic_version;
DROP TABLE adopted;

-- a setting that makes no sense stops a run before it begins
SET headway.mirror_version_table = 'alembic_version';
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
SET headway.mirror_version_table = 'public.nowhere';
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
SET headway.mirror_version_table = 'public.alembic_version; DROP TABLE alembic_version';
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
SET headway.mirror_version_table = 'headway.version';
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM headway.version;

-- names that need quotes
CREATE SCHEMA "Odd ""one";
CREATE TABLE "Odd ""one"."it's" (version_num text);
SET headway.mirror_version_table = '"Odd ""one"."it''s"';
SELECT migrate_upgrade('aaa1');
SELECT * FROM "Odd ""one"."it's";
SELECT migrate_downgrade('base');
DROP SCHEMA "Odd ""one" CASCADE;
RESET headway.mirror_version_table;

-- the table of a lesser role: its trigger would run with the rights of the runner
CREATE ROLE regress_mirror;
ALTER TABLE alembic_version OWNER TO regress_mirror;
SELECT migrate_adopt();
\echo :LAST_ERROR_SQLSTATE
SET headway.mirror_version_table = 'public.alembic_version';
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_stamp('aaa1');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM headway.version;
RESET headway.mirror_version_table;
SET ROLE regress_mirror;
SELECT migrate_adopt();
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
DROP TABLE alembic_version;
DROP EXTENSION pg_headway;
DROP ROLE regress_mirror;
