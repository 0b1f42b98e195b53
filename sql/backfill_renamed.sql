-- A table, its schema or a partition that is renamed while a backfill is at work on it: the job goes on, by the new name.
CREATE EXTENSION pg_headway;
SET client_min_messages = warning;
CREATE SCHEMA before;
CREATE TABLE before.by_page (id int PRIMARY KEY, n int);
CREATE TABLE before.by_key (id int PRIMARY KEY, n int NOT NULL DEFAULT 0);
CREATE TABLE before.parts (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);
CREATE TABLE before.part_1 PARTITION OF before.parts FOR VALUES FROM (1) TO (301);
CREATE TABLE before.part_2 PARTITION OF before.parts FOR VALUES FROM (301) TO (601);
INSERT INTO before.by_page SELECT generate_series(1, 300);
INSERT INTO before.by_key SELECT generate_series(1, 300);
INSERT INTO before.parts SELECT generate_series(1, 600);

CREATE PROCEDURE wait_until(condition text) LANGUAGE plpgsql AS $$
DECLARE
  met boolean := false;
BEGIN
  FOR i IN 1 .. 400 LOOP
    EXECUTE 'SELECT ' || condition INTO met;
    EXIT WHEN met;
    COMMIT;
    PERFORM pg_sleep(0.05);
  END LOOP;
  IF NOT coalesce(met, false) THEN RAISE 'waited in vain until %', condition; END IF;
END $$;

SELECT safe_backfill('before.by_page', 'n = id', 'n IS NULL', name => 'by page', batch_size => 1, pause => '2 ms', wait => false);
SELECT safe_backfill('before.by_key', 'n = n + 1', name => 'by key', batch_size => 1, pause => '2 ms', wait => false);
SELECT safe_backfill('before.parts', 'n = 1', 'n IS NULL', name => 'parts', batch_size => 1, pause => '2 ms', wait => false);
CALL wait_until('(SELECT count(*) FROM before.by_page WHERE n IS NOT NULL) > 5');
CALL wait_until('(SELECT count(*) FROM before.by_key WHERE n = 1) > 5');
CALL wait_until('(SELECT count(*) FROM before.parts WHERE n IS NOT NULL) > 5');
SET lock_timeout = '10 s';
ALTER TABLE before.by_page RENAME TO by_page_2;
ALTER TABLE before.part_1 RENAME TO part_one;
CALL wait_until('(SELECT count(*) FROM before.by_page_2 WHERE n IS NOT NULL) > 50');
ALTER SCHEMA before RENAME TO behind;
SELECT bool_or(n IS NULL) AS not_through FROM behind.by_page_2;
SELECT bool_or(n = 0) AS not_through FROM behind.by_key;
SELECT bool_or(n IS NULL) AS not_through FROM behind.parts;
CALL wait_until('(SELECT bool_and(state <> ''running'') FROM headway.backfill)');
SELECT name, state, rows_done, last_error FROM headway.backfill ORDER BY name;
SELECT name, result, rows FROM headway.backfill_run ORDER BY name;
SELECT count(*) FROM behind.by_page_2 WHERE n = id;
SELECT n, count(*) FROM behind.by_key GROUP BY n;
SELECT count(*) FROM behind.parts WHERE n = 1;

-- a table that is gone is an error
CREATE TABLE gone (id int PRIMARY KEY, n int);
INSERT INTO gone SELECT generate_series(1, 300);
SELECT safe_backfill('gone', 'n = id', 'n IS NULL', name => 'gone', batch_size => 1, pause => '2 ms', wait => false);
CALL wait_until('(SELECT count(*) FROM gone WHERE n IS NOT NULL) > 5');
DROP TABLE gone;
CALL wait_until('(SELECT state <> ''running'' FROM headway.backfill WHERE name = ''gone'')');
SELECT state, last_error FROM headway.backfill WHERE name = 'gone';

DROP SCHEMA behind CASCADE;
DROP PROCEDURE wait_until;
DROP EXTENSION pg_headway;
