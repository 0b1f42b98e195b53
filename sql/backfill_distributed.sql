-- A table that Citus distributes, as its catalog has it: its rows are on other servers, so that it is walked by key, through the
-- table itself, and never by ctid. What stands for Citus here is its catalog alone.
CREATE EXTENSION pg_headway;
SET allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass, partmethod "char");
GRANT SELECT ON pg_catalog.pg_dist_partition TO PUBLIC;
RESET allow_system_table_mods;
CREATE TABLE events (tenant int, id int, n int, PRIMARY KEY (tenant, id));
INSERT INTO events SELECT i % 7, i FROM generate_series(1, 5000) i;
CREATE TABLE keyless (tenant int, n int);
INSERT INTO keyless SELECT i FROM generate_series(1, 10) i;
CREATE TABLE here (id int PRIMARY KEY, n int);
INSERT INTO here VALUES (1);
INSERT INTO pg_dist_partition VALUES ('events', 'h'), ('keyless', 'h');
ANALYZE events;

-- How it is walked, as a trigger sees it.
CREATE TABLE seen (walked text);
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO seen SELECT DISTINCT strategy FROM headway.backfill_range;
  RETURN NULL;
END $$;
CREATE TRIGGER look AFTER UPDATE ON events FOR EACH STATEMENT EXECUTE FUNCTION look();
SET client_min_messages = warning;
SELECT safe_backfill('events', 'n = id', 'n IS NULL', name => 'distributed');
SELECT count(*), count(n), sum(n - id) FROM events;
SELECT DISTINCT walked FROM seen;
SELECT safe_backfill('events', 'n = n + 1', name => 'distributed, all', workers => 2);
SELECT sum(n - id) FROM events;
SELECT safe_delete('events', 'tenant = 3', name => 'distributed, deleted');
SELECT count(*) FROM events WHERE tenant = 3;
\set VERBOSITY default
SELECT safe_backfill('events', 'n = 0', 'n > 0', strategy => 'ctid');
\echo :LAST_ERROR_SQLSTATE
SELECT safe_backfill('keyless', 'n = 0', 'n IS NULL');
\echo :LAST_ERROR_SQLSTATE
SELECT safe_backfill('here', 'n = 1', 'n IS NULL', name => 'here');

DROP TABLE events, keyless, here, seen;
DROP FUNCTION look;
SET allow_system_table_mods = on;
DROP TABLE pg_catalog.pg_dist_partition;
DROP EXTENSION pg_headway;
