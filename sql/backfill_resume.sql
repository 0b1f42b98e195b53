-- A stopped backfill goes on with the table and by the key that it was begun with, or not at all.
CREATE EXTENSION pg_headway;
\set VERBOSITY terse
CREATE TABLE items (id int PRIMARY KEY, b int NOT NULL, n int NOT NULL DEFAULT 0, CONSTRAINT stop CHECK (id <> 6000 OR n = 0));
INSERT INTO items (id, b) SELECT i, 20000 - i FROM generate_series(1, 10000) AS i;
CREATE VIEW result AS SELECT n, count(*) FROM items GROUP BY n ORDER BY n;
-- It stops at row 6000, and starts over.
CREATE PROCEDURE stop_in_the_middle() LANGUAGE plpgsql AS $$
BEGIN
  PERFORM safe_backfill_forget(name) FROM headway.backfill;
  ALTER TABLE items DROP CONSTRAINT IF EXISTS stop;
  UPDATE items SET n = 0;
  ALTER TABLE items ADD CONSTRAINT stop CHECK (id <> 6000 OR n = 0);
END $$;
SELECT safe_backfill('items', 'n = n + 1');
SELECT relation, relation_oid = 'items'::regclass AS same, key FROM headway.backfill_range WHERE NOT done;
SELECT count(*) > 0 AS some, count(*) < 10000 AS not_all FROM items WHERE n = 1;

-- another key instead of it: longer,
SET client_min_messages = warning;
ALTER TABLE items DROP CONSTRAINT stop, DROP CONSTRAINT items_pkey, ADD PRIMARY KEY (b, id);
\set VERBOSITY default
SELECT safe_backfill('items', 'n = n + 1');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse
-- of other columns,
ALTER TABLE items DROP CONSTRAINT items_pkey, ADD PRIMARY KEY (b);
SELECT safe_backfill('items', 'n = n + 1');
-- of another type,
ALTER TABLE items DROP CONSTRAINT items_pkey, ALTER id TYPE text, ADD PRIMARY KEY (id);
SELECT safe_backfill('items', 'n = n + 1');
ALTER TABLE items ALTER id TYPE int USING id::int;
-- beside it: it goes on by the one that it was begun by
ALTER TABLE items DROP CONSTRAINT items_pkey, ADD PRIMARY KEY (b, id), ADD UNIQUE (id), ALTER id SET NOT NULL;
SELECT safe_backfill('items', 'n = n + 1') > 0 AS more;
RESET client_min_messages;
SELECT * FROM result;

-- begun by two columns
SET client_min_messages = warning;
CALL stop_in_the_middle();
RESET client_min_messages;
SELECT safe_backfill('items', 'n = n + 1');
SELECT key FROM headway.backfill_range WHERE NOT done;
ALTER TABLE items DROP CONSTRAINT stop, DROP CONSTRAINT items_pkey;
SET client_min_messages = warning;
SELECT safe_backfill('items', 'n = n + 1');
ALTER TABLE items ADD PRIMARY KEY (b, id);
SELECT safe_backfill('items', 'n = n + 1') > 0 AS more;
RESET client_min_messages;
SELECT * FROM result;

-- renamed meanwhile, and in another schema: it is the same table, and the same job
SET client_min_messages = warning;
CALL stop_in_the_middle();
RESET client_min_messages;
SELECT safe_backfill('items', 'n = n + 1');
ALTER TABLE items DROP CONSTRAINT stop;
ALTER TABLE items RENAME TO things;
CREATE SCHEMA other;
ALTER TABLE things SET SCHEMA other;
SET search_path = other, public;
SET client_min_messages = warning;
SELECT safe_backfill('things', 'n = n + 1') > 0 AS more;
RESET client_min_messages;
SELECT state, rows_done FROM headway.backfill;
SELECT * FROM result;
RESET search_path;
ALTER TABLE other.things SET SCHEMA public;
ALTER TABLE things RENAME TO items;

-- made again under the same name: it is not the same
SET client_min_messages = warning;
CALL stop_in_the_middle();
RESET client_min_messages;
SELECT safe_backfill('items', 'n = n + 1', name => 'again');
DROP VIEW result;
DROP TABLE items;
CREATE TABLE items (id int PRIMARY KEY, b int NOT NULL, n int NOT NULL DEFAULT 0);
INSERT INTO items (id, b) SELECT i, 20000 - i FROM generate_series(1, 10000) AS i;
\set VERBOSITY default
SELECT safe_backfill('items', 'n = n + 1', name => 'again');
\set VERBOSITY terse
SELECT safe_backfill_forget('again');
SELECT safe_backfill('items', 'n = n + 1', name => 'again');

-- a partition that is renamed is not left out, one that is dropped is
CREATE TABLE parts (id int PRIMARY KEY, n int NOT NULL DEFAULT 0, CONSTRAINT stop CHECK (id <> 300 OR n = 0)) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (1000) TO (2000);
CREATE TABLE parts_3 PARTITION OF parts FOR VALUES FROM (2000) TO (3000);
INSERT INTO parts SELECT i FROM generate_series(1, 2999) AS i;
SELECT safe_backfill('parts', 'n = n + 1');
ALTER TABLE parts DROP CONSTRAINT stop;
ALTER TABLE parts_2 RENAME TO parts_two;
DROP TABLE parts_3;
SET client_min_messages = warning;
SELECT safe_backfill('parts', 'n = n + 1') > 0 AS more;
RESET client_min_messages;
SELECT n, count(*) FROM parts GROUP BY n;

-- What stands in the rows of a job is not trusted: whoever may write there can have written anything.
CREATE TABLE plain (id int PRIMARY KEY, n int, CONSTRAINT stop CHECK (id <> 600 OR n IS NULL));
INSERT INTO plain SELECT i FROM generate_series(1, 1000) AS i;
CREATE PROCEDURE damage(how text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE 'UPDATE headway.backfill_range SET ' || how;
END $$;
SELECT safe_backfill('plain', 'n = 1', name => 'by key', strategy => 'key');
SELECT safe_backfill('plain', 'n = 1', 'n IS NULL', name => 'by page', strategy => 'ctid');
SET client_min_messages = warning;
CREATE TABLE saved AS SELECT * FROM headway.backfill_range;
SELECT name, strategy FROM saved ORDER BY name;
CREATE PROCEDURE restore() LANGUAGE plpgsql AS $$
BEGIN DELETE FROM headway.backfill_range; INSERT INTO headway.backfill_range SELECT * FROM saved; END $$;
\set try 'SELECT safe_backfill(\'plain\', \'n = 1\', name => \'by key\'); SELECT safe_backfill(\'plain\', \'n = 1\', \'n IS NULL\', name => \'by page\'); CALL restore();'
CALL damage($$position = '{1,2}'$$);
:try
CALL damage($$position = ARRAY[NULL]$$);
:try
CALL damage($$position = '{x}'$$);
:try
CALL damage($$bound = '{}'$$);
:try
CALL damage($$bound = '{99999999999999999999}'$$);
:try
CALL damage($$bound = '{-1}', position = '{4294967296}'$$);
:try
CALL damage($$window_end = '{1,2,3}'$$);
:try
CALL damage($$pass_position = '{1,2}', pass = 100000$$);
:try
CALL damage($$passes = 0$$);
:try
CALL damage($$skipped = '{1,NULL}'$$);
:try
CALL damage($$key = '{}'$$);
:try
CALL damage($$key = '{"n integer"}'$$);
:try
CALL damage($$strategy = CASE strategy WHEN 'key' THEN 'ctid' ELSE 'key' END$$);
:try
CALL damage($$relation_oid = 'headway.revision'::regclass$$);
:try
SELECT count(*) FROM headway.revision;

-- time that is up before the call has the job says nothing of it, whoever is at it
CREATE TABLE short_time (id int PRIMARY KEY, n int NOT NULL DEFAULT 0);
INSERT INTO short_time SELECT generate_series(1, 100);
SELECT safe_backfill('short_time', 'n = n + 1', name => 'short time', batch_size => 1, pause => '20 ms', max_duration => '100 ms') < 100 AS stopped;
SELECT safe_backfill('short_time', 'n = n + 1', name => 'short time', batch_size => 1, pause => '20 ms', max_duration => '1 ms');
SELECT state FROM headway.backfill WHERE name = 'short time';
SELECT safe_backfill('short_time', 'n = n + 1', name => 'short time', batch_size => 1, pause => '20 ms', wait => false);
SELECT safe_backfill('short_time', 'n = n + 1', name => 'short time', batch_size => 1, pause => '20 ms', max_duration => '1 ms');
SELECT state FROM headway.backfill WHERE name = 'short time';
SELECT safe_backfill_set('short time', pause => '0');
DO $$
BEGIN
  FOR i IN 1 .. 400 LOOP
    EXIT WHEN (SELECT state = 'done' FROM headway.backfill WHERE name = 'short time');
    COMMIT;
    PERFORM pg_sleep(0.05);
  END LOOP;
END $$;
SELECT n, count(*) FROM short_time GROUP BY n;
SELECT result FROM headway.backfill_run WHERE name = 'short time' ORDER BY id;
-- a process that was begun later is not the one that was at it, though it has its number; and what it did is of its time
SELECT safe_backfill_forget('short time');
SELECT safe_backfill('short_time', 'n = n + 1', name => 'short time', batch_size => 1, pause => '20 ms', max_duration => '100 ms') < 100 AS stopped;
UPDATE headway.backfill SET state = 'running', pid = pg_backend_pid(), updated_at = clock_timestamp() WHERE name = 'short time';
UPDATE headway.backfill_range SET pid = pg_backend_pid(), rows_per_second = 600, updated_at = clock_timestamp() - interval '30 s',
  units = 1000, walked = 0, window_walked = 250, rows_done = 250;
SELECT state, percent, rows_per_second BETWEEN 200 AND 310 AS half, eta BETWEEN '2 s' AND '5 s' AS eta FROM headway.progress WHERE name = 'short time';
UPDATE headway.backfill_range SET waiting_for = 'old snapshot', waiting_detail = 'kept by somebody', updated_at = clock_timestamp() - interval '61 s';
SELECT state, rows_per_second, eta, old_snapshot FROM headway.progress WHERE name = 'short time';
UPDATE headway.backfill SET updated_at = updated_at - interval '1 day' WHERE name = 'short time';
SELECT state, rows_per_second, old_snapshot FROM headway.progress WHERE name = 'short time';
DROP TABLE short_time;
DROP EXTENSION pg_headway;
DROP TABLE items, parts, plain, saved CASCADE;
DROP SCHEMA other;
DROP PROCEDURE stop_in_the_middle, damage, restore;
