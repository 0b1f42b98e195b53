-- migrate_sql(): the plan as a script for a database without the extension.
CREATE EXTENSION pg_headway;
\pset format unaligned
\pset tuples_only on
SELECT migrate_sql();
SELECT migrate_revision('abc001', NULL, E'The tables\n\nand why', 'CREATE TABLE offline (id int, what text DEFAULT ''a;b''); -- two
  CREATE INDEX ON offline (what) -- a comment and no semicolon', 'DROP TABLE offline');
SELECT migrate_revision('abc002', 'abc001', 'An index', 'CREATE INDEX CONCURRENTLY offline_idx ON offline (id)', 'DROP INDEX CONCURRENTLY offline_idx');
SELECT migrate_revision('left03', 'abc002', 'It''s left', '', ''), migrate_revision('right4', 'abc002', 'Right', 'SELECT 1', NULL);
SELECT migrate_revision('merge5', 'left03, right4', 'Merge', '', '');
SELECT migrate_sql();
SELECT migrate_sql('abc001:left03', version_table => 'audit.versions', single_transaction => true);
SELECT migrate_sql('left03:abc001', 'downgrade');
SELECT migrate_sql('left03:base', 'downgrade', single_transaction => true);
SELECT migrate_sql('right4:');
SELECT migrate_sql('left03, right4:merge5');
SELECT migrate_sql('merge5:head');
SELECT migrate_stamp('abc002');
SELECT migrate_sql('current:left03');
SELECT migrate_sql('current:-1', 'downgrade', version_table => '"Odd schema"."the ""table"""');
-- psql runs it (a file would keep the \set, too)
SELECT replace(migrate_sql('left03'), '\set ON_ERROR_STOP on', '') AS up,
  replace(migrate_sql('left03:base', 'downgrade'), '\set ON_ERROR_STOP on', '') AS down \gset
:up
SELECT version_num FROM alembic_version;
SELECT count(*) FROM pg_index WHERE indrelid = 'offline'::regclass AND indisvalid;
:down
SELECT to_regclass('alembic_version') IS NULL, to_regclass('offline') IS NULL;
-- an empty version table will do, and what a revision sets ends with it
SELECT migrate_revision('path06', NULL, 'Sets', 'CREATE SCHEMA aside; SET search_path = aside; CREATE TABLE in_aside ()',
  'DROP SCHEMA aside CASCADE');
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
SELECT replace(migrate_sql('path06'), '\set ON_ERROR_STOP on', '') AS up \gset
:up
SELECT version_num, to_regclass('aside.in_aside') FROM alembic_version;
-- once more: it does not fit any more and changes nothing
\set SHOW_CONTEXT never
:up
SELECT version_num FROM alembic_version;
\set SHOW_CONTEXT errors
DROP SCHEMA aside CASCADE;
DROP TABLE alembic_version;
-- nothing of it was run by the extension
SELECT count(*) FROM headway.history;

-- refused
SELECT migrate_sql('base', 'downgrade');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_sql('merge5:', 'downgrade');
SELECT migrate_sql('merge5:base', 'downgrade');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_sql('a:b:c');
SELECT migrate_sql('');
SELECT migrate_sql('nowhere');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_sql('nowhere:head');
SELECT migrate_sql('head', 'sideways');
SELECT migrate_sql('left03', version_table => 'x; DROP TABLE y');
\echo :LAST_ERROR_SQLSTATE
SELECT substring(migrate_sql('left03', version_table => '"a$check$; DROP TABLE y; --"') FROM 'AS ([$]\w+[$])');
SELECT migrate_sql('left03', version_table => 'a.b.c');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_sql('head', version_table => '');
SELECT migrate_sql(NULL);
SELECT migrate_revision('fill07', 'merge5', 'Backfill', E'\nSELECT safe_backfill(''offline'', ''what = 1'')', '');
SELECT migrate_sql('merge5:fill07');
\echo :LAST_ERROR_SQLSTATE
-- whose script it is counts here, too: it will run with the rights of whoever pipes it into psql
\pset format aligned
\pset tuples_only off
CREATE ROLE regress_offline;
GRANT USAGE ON SCHEMA headway TO regress_offline;
GRANT SELECT, INSERT, UPDATE ON headway.revision TO regress_offline;
GRANT SELECT, UPDATE ON headway.graph TO regress_offline;
GRANT SELECT ON headway.version, headway.unfinished, headway.step TO regress_offline;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO regress_offline;
SET ROLE regress_offline;
SELECT migrate_revision('alien8', 'merge5', 'Alien', 'ALTER ROLE regress_offline SUPERUSER', '');
RESET ROLE;
SELECT migrate_sql('merge5:alien8');
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_offline;
SELECT migrate_sql('merge5:alien8') LIKE '%ALTER ROLE regress_offline SUPERUSER;%';
RESET ROLE;
DROP EXTENSION pg_headway;
DROP OWNED BY regress_offline;
DROP ROLE regress_offline;
