-- A script that has failed in the middle is mended, and the next run goes on.
CREATE EXTENSION pg_headway;
CREATE TABLE t (id int, name text);
INSERT INTO t VALUES (1, 'a'), (1, 'b');

-- with nothing done any script is right: the column was misspelt
SELECT migrate_revision('a', NULL, '', 'CREATE INDEX CONCURRENTLY t_name ON t (lower(nmae))', '');
SELECT migrate_upgrade();
SELECT statements_done FROM headway.unfinished;
SELECT migrate_revision('a', NULL, '', 'CREATE INDEX CONCURRENTLY t_name ON t (lower(name))', '');
SELECT migrate_upgrade();
SELECT revision FROM headway.version;

-- what the failed try has left is cleared up, though the script no longer makes it
SELECT migrate_revision('b', 'a', '', 'CREATE UNIQUE INDEX CONCURRENTLY t_id ON t (id); ALTER TABLE t ADD n int', '');
SELECT migrate_upgrade();
SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('t_id');
SELECT migrate_revision('b', 'a', '', 'CREATE INDEX CONCURRENTLY t_id_plain ON t (id); ALTER TABLE t ADD n int', '');
SELECT migrate_upgrade();
SELECT to_regclass('t_id'), (SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('t_id_plain'));

-- and it may have become one that runs in one transaction
SELECT migrate_revision('c', 'b', '', 'CREATE UNIQUE INDEX CONCURRENTLY t_id ON t (id); ALTER TABLE t ADD m int', '');
SELECT migrate_upgrade();
SELECT migrate_revision('c', 'b', '', 'ALTER TABLE t ADD m int', '');
SELECT migrate_upgrade();
SELECT to_regclass('t_id'), (SELECT count(*) FROM headway.unfinished) AS unfinished;

-- what is done stays as it was
SELECT migrate_revision('d', 'c', '', 'CREATE TABLE d1 (); CREATE INDEX CONCURRENTLY t_m ON t ((mm + 0)); CREATE TABLE d2 ()', '');
SELECT migrate_upgrade();
SELECT migrate_revision('d', 'c', '', 'CREATE TABLE d0 (); CREATE INDEX CONCURRENTLY t_m ON t ((m + 0)); CREATE TABLE d2 ()', '');
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_revision('d', 'c', '', 'CREATE TABLE d1 (/* as it was */); CREATE INDEX CONCURRENTLY t_m ON t ((m + 0)); CREATE TABLE d3 ()', '');
SELECT migrate_upgrade();
SELECT to_regclass('d1'), to_regclass('d2'), to_regclass('d3'), to_regclass('t_m');

-- what is left may also be taken out
SELECT migrate_revision('e', 'd', '', 'CREATE TABLE e1 (); CREATE UNIQUE INDEX CONCURRENTLY t_id ON t (id)', '');
SELECT migrate_upgrade();
SELECT migrate_revision('e', 'd', '', 'CREATE TABLE e1 ()', '');
SELECT migrate_upgrade();
SELECT revision, to_regclass('e1'), to_regclass('t_id') FROM headway.version;
SELECT revision, result, statement FROM headway.history ORDER BY id;

DROP EXTENSION pg_headway;
DROP TABLE t, d1, d3, e1;
