-- The two doors: a statement of its own runs in a worker, anything else in the caller's transaction. A notice says
-- which, and why.
CREATE EXTENSION pg_headway;
CREATE TABLE steps (id serial, what text, pid int DEFAULT pg_backend_pid());
CREATE TABLE notes (id int);
CREATE FUNCTION in_worker() RETURNS TABLE (what text, worker boolean) LANGUAGE sql AS $$
  SELECT what, pid <> pg_backend_pid() FROM steps ORDER BY id
$$;
CREATE FUNCTION again() RETURNS void LANGUAGE sql AS 'DELETE FROM headway.version; DELETE FROM steps';
SELECT migrate_revision('a', NULL, 'First', 'INSERT INTO steps (what) VALUES (''a'')', 'INSERT INTO steps (what) VALUES (''-a'')');
SELECT migrate_revision('b', 'a', 'Second', 'INSERT INTO steps (what) VALUES (''b'')', 'INSERT INTO steps (what) VALUES (''-b'')');

-- alone, in several shapes: the worker, each revision in a transaction of its own
SELECT migrate_upgrade();
SELECT * FROM in_worker();
SELECT count(DISTINCT xmin::text) FROM steps;
SELECT again();
SELECT migrate_upgrade('a') AS first, migrate_upgrade('b') AS second;
SELECT * FROM in_worker();
SELECT again();
SELECT * FROM migrate_upgrade();
SELECT * FROM in_worker();
SELECT again();
SELECT n FROM (SELECT migrate_upgrade('head') AS n) AS s WHERE n > 0;
SELECT again();
WITH run AS MATERIALIZED (SELECT migrate_upgrade('head') AS n) SELECT n FROM run;
SELECT again();
SELECT (SELECT migrate_upgrade('head'));
SELECT again();
VALUES (migrate_upgrade('head'));
SELECT again();
SELECT CASE WHEN true THEN migrate_upgrade('head') END;
SELECT again();
SELECT migrate_upgrade(t) FROM unnest(ARRAY['a', 'b']) AS t;
SELECT again();
PREPARE up(text) AS SELECT migrate_upgrade($1);
EXECUTE up('a');
EXECUTE up('head');
DEALLOCATE up;
SELECT again();
SELECT 'SELECT migrate_upgrade()' \gexec
SELECT again();
SELECT migrate_upgrade() \g (format=unaligned)
SELECT again();
SELECT migrate_upgrade('head') AS n \gset
\echo :n
SELECT * FROM in_worker();
SELECT again();

-- in a transaction: here, with it
BEGIN;
SELECT migrate_upgrade();
SELECT * FROM in_worker();
SELECT * FROM migrate_current();
SELECT count(*) FROM headway.step WHERE xmin::text::bigint >= txid_current() % 4294967296;
ROLLBACK;
SELECT * FROM in_worker();
SELECT * FROM migrate_current();
BEGIN;
SELECT migrate_upgrade();
COMMIT;
SELECT * FROM in_worker();
SELECT revision, direction, result, pid = pg_backend_pid() AS here FROM headway.history ORDER BY id DESC LIMIT 2;
SELECT again();
-- savepoints
BEGIN;
SELECT migrate_upgrade('a');
SAVEPOINT s;
SELECT migrate_upgrade('b');
ROLLBACK TO s;
SELECT * FROM migrate_current();
SELECT migrate_downgrade('base');
ROLLBACK TO s;
COMMIT;
SELECT * FROM in_worker();
SELECT * FROM migrate_current();
SELECT again();
-- several statements in one message are one transaction
INSERT INTO notes VALUES (1) \; SELECT migrate_upgrade();
SELECT again();
SELECT 1 AS one \; SELECT migrate_upgrade();
SELECT again();

-- a function, a DO block, a procedure
CREATE FUNCTION run_it() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN migrate_upgrade(); END';
SELECT run_it();
SELECT * FROM in_worker();
SELECT again();
CREATE FUNCTION run_sql() RETURNS int LANGUAGE sql AS 'SELECT migrate_upgrade()';
SELECT run_sql();
SELECT again();
CREATE FUNCTION run_volatile_sql() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT migrate_upgrade()';
SELECT run_volatile_sql();
SELECT again();
DO 'BEGIN PERFORM migrate_upgrade(); END';
SELECT again();
CREATE PROCEDURE run_proc() LANGUAGE plpgsql AS 'BEGIN PERFORM migrate_upgrade(); COMMIT; END';
CALL run_proc();
SELECT again();
-- an error in it, caught: nothing of it is left
SELECT migrate_revision('c', 'b', 'Third', 'INSERT INTO steps (what) VALUES (''c''); SELECT 1/0', '');
DO $$
BEGIN
  PERFORM migrate_upgrade();
EXCEPTION WHEN division_by_zero THEN
  RAISE NOTICE 'caught: %', SQLERRM;
END $$;
SELECT * FROM in_worker();
SELECT * FROM migrate_current();
DELETE FROM headway.revision WHERE revision = 'c';

-- statements that are more than the call
SELECT migrate_upgrade() FROM notes;
SELECT again();
SELECT migrate_upgrade() WHERE EXISTS (SELECT FROM notes);
SELECT again();
INSERT INTO notes SELECT migrate_upgrade();
SELECT again();
UPDATE notes SET id = migrate_upgrade() WHERE id = 1;
SELECT again();
CREATE TABLE made AS SELECT migrate_upgrade();
SELECT again();
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT migrate_upgrade() \g /dev/null
SELECT again();
SELECT migrate_upgrade('a') UNION ALL SELECT migrate_upgrade('b');
SELECT again();
DECLARE held CURSOR WITH HOLD FOR SELECT migrate_upgrade();
FETCH held;
CLOSE held;
SELECT again();
COPY (SELECT migrate_upgrade()) TO STDOUT;
SELECT again();

-- a cursor WITH HOLD that is open keeps a snapshot or not: either way it works
DECLARE held CURSOR WITH HOLD FOR SELECT * FROM notes;
SELECT migrate_upgrade();
CLOSE held;
SELECT again();

-- isolation levels
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT migrate_upgrade();
COMMIT;
SELECT again();
SET default_transaction_isolation = 'repeatable read';
SELECT migrate_upgrade();
RESET default_transaction_isolation;
SELECT again();
SET default_transaction_isolation = 'serializable';
SELECT migrate_upgrade();
RESET default_transaction_isolation;
SELECT again();
-- read-only
BEGIN READ ONLY;
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
SET default_transaction_read_only = on;
SELECT migrate_upgrade();
SELECT migrate_downgrade('base');
SELECT safe_backfill('notes', 'id = id');
RESET default_transaction_read_only;
SELECT * FROM migrate_current();

-- what cannot run in a transaction is refused there, before anything runs
SELECT migrate_revision('c', 'b', 'Third', 'CREATE INDEX CONCURRENTLY notes_idx ON notes (id)', 'DROP INDEX CONCURRENTLY notes_idx');
BEGIN;
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
DO 'BEGIN PERFORM migrate_upgrade(); END';
-- and it is said what makes it one
SET default_transaction_isolation = 'repeatable read';
SELECT migrate_upgrade();
RESET default_transaction_isolation;
SELECT migrate_upgrade() FROM notes;
SELECT * FROM migrate_current();
BEGIN;
SELECT migrate_upgrade('b');
COMMIT;
SELECT migrate_upgrade();
BEGIN;
SELECT migrate_downgrade('-1');
ROLLBACK;
SELECT migrate_downgrade('base');
-- an enum value that a later revision of the same transaction uses
CREATE TYPE mood AS ENUM ('good');
SELECT migrate_revision('c', 'b', 'Third', 'ALTER TYPE mood ADD VALUE ''bad''', '');
SELECT migrate_revision('d', 'c', 'Fourth', 'SELECT ''bad''::mood', '');
BEGIN;
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
SELECT * FROM migrate_current();
SELECT migrate_upgrade();
SELECT migrate_downgrade('base');
DELETE FROM headway.revision WHERE revision IN ('c', 'd');

CREATE FUNCTION half_of_lock_table() RETURNS int LANGUAGE sql AS $$
  SELECT current_setting('max_locks_per_transaction')::int * (sum(setting::int)::int + 10) / 2
  FROM pg_settings WHERE name IN ('max_connections', 'autovacuum_max_workers', 'max_worker_processes', 'max_wal_senders')
$$;
-- the lock table is shared by the whole server: a transaction that fills half of it is stopped
SELECT migrate_revision('c', 'b', 'Many tables', $$
  DO 'BEGIN
    FOR i IN 1 .. half_of_lock_table() LOOP
      EXECUTE format(''CREATE TABLE many_%s ()'', i);
    END LOOP;
  END';
$$, $$
  DO 'BEGIN
    FOR i IN 1 .. half_of_lock_table() LOOP
      EXECUTE format(''DROP TABLE many_%s'', i);
    END LOOP;
  END';
$$);
SELECT migrate_revision('d', 'c', 'One more');
SELECT migrate_upgrade('b');
DO $$
DECLARE detail text; hint text;
BEGIN
  PERFORM migrate_upgrade();
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RAISE NOTICE '% %', SQLSTATE, SQLERRM USING DETAIL = regexp_replace(detail, '\d+', 'N', 'g'), HINT = hint;
END $$;
SELECT * FROM migrate_current();
SELECT count(*) FROM pg_class WHERE relname LIKE 'many_%';

DROP FUNCTION in_worker, again, run_it, run_sql, run_volatile_sql, half_of_lock_table;
DROP PROCEDURE run_proc;
DROP TABLE steps, notes, made;
DROP TYPE mood;
DROP EXTENSION pg_headway;
