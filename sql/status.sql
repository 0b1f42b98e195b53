-- headway.status: one row for a dashboard.
CREATE EXTENSION pg_headway;
CREATE VIEW seen AS SELECT heads, behind, problems, failed_revision, failed_direction, failed_message, unfinished, backfills_not_done FROM headway.status;
SELECT * FROM seen;
SELECT migrate_revision('a', NULL, '', 'CREATE TABLE t (id int PRIMARY KEY, n int)', 'DROP TABLE t');
SELECT migrate_revision('b', 'a', '', 'SELECT 1/0', '');
SELECT migrate_revision('c', 'a', '', 'ALTER TABLE t ADD x int; CREATE INDEX CONCURRENTLY t_n ON t ((nn + 0))', '');
SELECT * FROM seen;
\set VERBOSITY terse
SELECT migrate_upgrade('b');
SELECT migrate_upgrade('c');
SELECT * FROM seen;
-- what has been done since is no failure any more
SELECT migrate_revision('b', 'a', '', 'SELECT 1', '');
SELECT migrate_revision('c', 'a', '', 'ALTER TABLE t ADD x int; CREATE INDEX CONCURRENTLY t_n ON t ((n + 0))', '');
SELECT migrate_upgrade('heads');
SELECT * FROM seen;
-- a backfill that is not through
INSERT INTO t SELECT generate_series(1, 10);
SELECT safe_backfill('t', 'n = 1/(id - 5)', name => 'fails');
SELECT backfills_not_done FROM seen;
-- nobody knows
INSERT INTO headway.version VALUES ('elsewhere');
SELECT heads, behind, problems FROM seen;
DELETE FROM headway.version WHERE revision = 'elsewhere';
-- a run, seen from inside
SELECT migrate_revision('d', 'c', '', 'CREATE TABLE watched AS SELECT running_pid = pg_backend_pid() AS here, running_by = session_user AS by_us, running_since < clock_timestamp() AS since, running FROM headway.status', '');
SELECT migrate_upgrade('d');
SELECT * FROM watched;
SELECT client FROM headway.history WHERE client IS NOT NULL;
DROP VIEW seen;
DROP EXTENSION pg_headway;
DROP TABLE t, watched;
