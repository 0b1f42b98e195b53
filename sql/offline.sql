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
-- psql runs it (a file would keep the first line, too)
SELECT replace(migrate_sql('left03'), '\set ON_ERROR_STOP on', '') AS file \gset
\o /dev/null
:file
\o
SELECT version_num FROM alembic_version;
SELECT count(*) FROM pg_index WHERE indrelid = 'offline'::regclass AND indisvalid;
SELECT replace(migrate_sql('left03:base', 'downgrade'), '\set ON_ERROR_STOP on', '') AS file \gset
:file
SELECT to_regclass('alembic_version') IS NULL, to_regclass('offline') IS NULL;
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
SELECT migrate_sql('head', version_table => 'x; DROP TABLE y');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_sql('head', version_table => '');
SELECT migrate_sql(NULL);
SELECT migrate_revision('fill06', 'merge5', 'Backfill', E'\nSELECT safe_backfill(''offline'', ''what = 1'')', '');
SELECT migrate_sql('merge5:fill06');
\echo :LAST_ERROR_SQLSTATE
\pset format aligned
\pset tuples_only off
DROP EXTENSION pg_headway;
