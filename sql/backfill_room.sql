-- safe_backfill(): new versions of rows take the room of the old ones, where that can be; and what is known of each call.
CREATE EXTENSION pg_headway;
SET client_min_messages = warning;

-- In how many passes the windows of a job were walked, as a trigger sees it.
CREATE TABLE seen (name text, passes int);
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO seen SELECT name, max(passes) FROM headway.backfill_range GROUP BY name;
  RETURN NULL;
END $$;
CREATE TABLE room (id bigint PRIMARY KEY, a int, indexed int, expression int, condition int,
  source int, made int GENERATED ALWAYS AS (source * 2) STORED, filler text);
INSERT INTO room (id, a, indexed, expression, condition, source, filler) SELECT i, 0, 0, 0, 0, 0, repeat('x', 100) FROM generate_series(1, 20000) i;
CREATE INDEX ON room (indexed);
CREATE INDEX ON room ((expression + 1));
CREATE INDEX ON room (id) WHERE condition > 0;
CREATE INDEX ON room (made);
VACUUM ANALYZE room;
CREATE TRIGGER look AFTER UPDATE ON room FOR EACH STATEMENT EXECUTE FUNCTION look();
CREATE TABLE sizes AS SELECT pg_relation_size('room') AS heap, pg_indexes_size('room') AS indexes;
CREATE VIEW grown AS SELECT pg_relation_size('room') < 1.3 * heap AS heap, pg_indexes_size('room') < 1.2 * indexes AS indexes FROM sizes;

SELECT safe_backfill('room', 'a = 1', 'a = 0', name => 'by page');
SELECT safe_backfill('room', 'a = a + 1', name => 'by key');
TABLE grown;
-- Where the new versions need entries in indexes anyway, one pass does.
SELECT safe_backfill('room', 'indexed = 1', 'indexed = 0', name => 'index', vacuum_every => 0);
SELECT safe_backfill('room', 'expression = 1', 'expression = 0', name => 'expression', vacuum_every => 0);
SELECT safe_backfill('room', 'condition = 1', 'condition = 0', name => 'predicate', vacuum_every => 0);
SELECT safe_backfill('room', 'source = 1', 'source = 0', name => 'generated', vacuum_every => 0);
SELECT safe_backfill('room', 'indexed = indexed + 1', name => 'index, by key', vacuum_every => 0);
SELECT name, max(passes) > 1 AS interleaved FROM seen GROUP BY name ORDER BY name;
TABLE grown;

-- Each call has its row.
SELECT name, command, relation, result, rows, batches > 0 AS batches, longest_ms >= 0 AS longest,
  rows_moved < 0.2 * rows AS in_place, wal_bytes > 100000 AS wal, duration > '0' AS duration, workers,
  run_by = current_user AS mine, client
FROM headway.backfill_run ORDER BY id;
-- One that finds nothing to do has none.
SELECT safe_backfill('room', 'a = 1', 'a = 0', name => 'by page');
SELECT count(*) FROM headway.backfill_run;
-- One that fails says why; the next one goes on, and counts its own rows.
ALTER TABLE room ADD CONSTRAINT room_a CHECK (a < 3 OR id < 15000);
\set VERBOSITY terse
SELECT safe_backfill('room', 'a = 3', 'a = 2', name => 'fails');
\set VERBOSITY default
ALTER TABLE room DROP CONSTRAINT room_a;
SELECT safe_backfill('room', 'a = 3', 'a = 2', name => 'fails') > 0 AS rest;
SELECT result, reason, rows > 0 AS some, rows < 20000 AS not_all FROM headway.backfill_run WHERE name = 'fails' ORDER BY id;
SELECT sum(rows) FROM headway.backfill_run WHERE name = 'fails';
-- One whose time is up; one that was killed (as a crash leaves it), and the next that finds it so.
SELECT safe_delete('room', 'id > 10000', name => 'purge', batch_size => 100, pause => '20 ms', max_duration => '100 ms') < 10000 AS part;
SELECT command, result, reason FROM headway.backfill_run WHERE name = 'purge';
UPDATE headway.backfill_call SET result = 'running', finished_at = NULL, rows = NULL, rows_at_start = 0 WHERE name = 'purge';
UPDATE headway.backfill SET state = 'running', pid = 1 WHERE name = 'purge';
SELECT result, rows = (SELECT rows_done FROM headway.progress WHERE name = 'purge') AS counted, duration FROM headway.backfill_run WHERE name = 'purge';
SELECT state FROM headway.progress WHERE name = 'purge';
SELECT safe_delete('room', 'id > 10000', name => 'purge') < 10000 AS rest;
SELECT result, finished_at IS NULL AS no_end FROM headway.backfill_run WHERE name = 'purge' ORDER BY id;
SELECT sum(rows) FROM headway.backfill_run WHERE name = 'purge';

-- What is old is forgotten, but for what nothing else tells.
UPDATE headway.backfill_call SET finished_at = finished_at - interval '10 days';
UPDATE headway.backfill SET finished_at = finished_at - interval '10 days';
SET headway.keep_history = 2147483647;
SELECT safe_backfill('room', 'a = 4', 'a = 3 AND id < 100', name => 'young');
SELECT count(*) > 5 AS all_there FROM headway.backfill_run;
SET headway.keep_history = 9;
SELECT safe_backfill('room', 'a = 5', 'a = 4', name => 'younger');
SELECT name FROM headway.backfill_run WHERE finished_at IS NOT NULL ORDER BY id;
SELECT name FROM headway.backfill ORDER BY name;
RESET headway.keep_history;
DROP TABLE room, seen, sizes CASCADE;
DROP FUNCTION look;
DROP EXTENSION pg_headway;
