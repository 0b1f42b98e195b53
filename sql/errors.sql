-- What a failing revision leaves behind, what it says, and how the next run goes on.
CREATE EXTENSION pg_headway;
CREATE TABLE steps (id serial, what text);
CREATE TABLE items (id int PRIMARY KEY, amount int);
INSERT INTO items VALUES (1, 10), (2, 20);
CREATE VIEW log AS
  SELECT revision, direction, result, statement AS stmt, line, sqlstate, message, detail, hint, context
  FROM headway.history WHERE result <> 'done' ORDER BY id DESC LIMIT 1;

-- an error in the middle: that revision is undone, the ones before it stay
SELECT migrate_revision('a', NULL, 'First', 'INSERT INTO steps (what) VALUES (''a'')', '');
SELECT migrate_revision('b', 'a', 'Second', $up$
  INSERT INTO steps (what) VALUES ('b');

  -- this one fails
  INSERT INTO items VALUES (1, 30);
  INSERT INTO steps (what) VALUES ('b too');
$up$, '');
SELECT migrate_revision('c', 'b', 'Third', 'INSERT INTO steps (what) VALUES (''c'')', '');
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
SELECT what FROM steps ORDER BY id;
SELECT * FROM migrate_current();
SELECT revision, result, finished_at >= started_at AS finished, lock_tries FROM headway.history ORDER BY id;
\x on
SELECT * FROM log;
\x off
-- in a transaction all of it is undone with the error, the history too
BEGIN;
SELECT migrate_upgrade('c');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
SELECT count(*) FROM headway.history;
-- mended, it goes on from there
SELECT migrate_revision('b', 'a', 'Second', 'INSERT INTO steps (what) VALUES (''b'')', '');
SELECT migrate_upgrade();
SELECT what FROM steps ORDER BY id;

-- errors show their place in the script, in both doors
SELECT migrate_revision('d', 'c', 'Fourth', $up$
  SELECT 1;
  SELECT amuont
  FROM items;
$up$, '');
SELECT migrate_upgrade();
BEGIN;
SELECT migrate_upgrade();
ROLLBACK;
SELECT migrate_revision('d', 'c', 'Fourth', E'-- größer\nALTER TABLE "größe" ADD COLUMN a int', '');
SELECT migrate_upgrade();

-- what RAISE says is kept, all of it
SELECT migrate_revision('d', 'c', 'Fourth', $up$
  DO $$ BEGIN
    RAISE EXCEPTION 'too many items' USING ERRCODE = 'XY123', DETAIL = 'There are 2.', HINT = 'Delete one.',
      TABLE = 'items', COLUMN = 'amount', CONSTRAINT = 'limit', DATATYPE = 'int', SCHEMA = 'public';
  END $$;
$up$, '');
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
\x on
SELECT * FROM log;
\x off
CREATE FUNCTION shown() RETURNS void LANGUAGE plpgsql AS $$
DECLARE d text; h text; t text; c text; n text; y text; s text; x text;
BEGIN
  PERFORM migrate_upgrade();
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT, t = TABLE_NAME, c = COLUMN_NAME,
    n = CONSTRAINT_NAME, y = PG_DATATYPE_NAME, s = SCHEMA_NAME, x = PG_EXCEPTION_CONTEXT;
  RAISE NOTICE '% | % | % | % | %.%.% % %', SQLSTATE, SQLERRM, d, h, s, t, c, n, y;
  RAISE NOTICE '%', x;
END $$;
SELECT shown();
-- notices and warnings of a script come through
SELECT migrate_revision('d', 'c', 'Fourth', $up$
  DO $$ BEGIN
    RAISE NOTICE 'a notice' USING DETAIL = 'its detail', HINT = 'its hint';
    RAISE WARNING 'a warning';
    RAISE DEBUG 'not this one';
  END $$;
$up$, '');
SELECT migrate_upgrade();
SELECT migrate_downgrade('-1');
SET client_min_messages = warning;
SELECT migrate_upgrade();
SELECT migrate_downgrade('-1');
RESET client_min_messages;

-- a deferred constraint fails at the commit: the same
CREATE TABLE children (id int, item int REFERENCES items DEFERRABLE INITIALLY DEFERRED);
SELECT migrate_revision('d', 'c', 'Fourth', $$ INSERT INTO steps (what) VALUES ('d'); INSERT INTO children VALUES (1, 99) $$, '');
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
\x on
SELECT * FROM log;
\x off
SELECT what FROM steps ORDER BY id;
SELECT * FROM migrate_current();
-- in a transaction it comes with the caller's commit
BEGIN;
SELECT migrate_upgrade();
SELECT * FROM migrate_current();
COMMIT;
SELECT * FROM migrate_current();
SELECT what FROM steps ORDER BY id;

-- in a revision that runs statement by statement, what is done stays done, and the next run goes on after it
SELECT migrate_revision('d', 'c', 'Fourth', $up$
  CREATE TABLE parts (id int);
  CREATE INDEX CONCURRENTLY parts_idx ON parts (id);
  SET search_path = pg_catalog, public;
  INSERT INTO public.steps (what) VALUES (current_setting('search_path'));

  INSERT INTO items VALUES (1, 40);
  INSERT INTO steps (what) VALUES ('end, ' || current_setting('search_path'));
$up$, 'DROP TABLE parts');
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
SELECT to_regclass('parts_idx');
SELECT * FROM migrate_current();
SELECT revision, direction, statements_done FROM headway.unfinished;
\x on
SELECT * FROM log;
\x off
-- it is not to be changed in between
SELECT migrate_revision('d', 'c', 'Fourth', $up$
  CREATE TABLE others (id int);
  CREATE INDEX CONCURRENTLY parts_idx ON parts (id);
$up$, 'DROP TABLE parts');
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_revision('d', 'c', 'Fourth', 'CREATE TABLE parts (id int)', 'DROP TABLE parts');
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
BEGIN;
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
SELECT statements_done FROM headway.unfinished;
-- but for comments and white space
SELECT migrate_revision('d', 'c', 'Fourth', $up$
  CREATE TABLE parts (id int);
  CREATE INDEX CONCURRENTLY parts_idx ON parts (id);
  SET search_path = pg_catalog, public;
  INSERT INTO public.steps (what) VALUES (current_setting('search_path'));
  /* fails while there is an item 1 */ INSERT INTO items VALUES (1, 40);
  INSERT INTO steps (what) VALUES ('end, ' || current_setting('search_path'));
$up$, 'DROP TABLE parts');
SELECT migrate_upgrade();
-- a position that no run has written is not followed
SELECT statements_done FROM headway.unfinished \gset
UPDATE headway.unfinished SET statements_done = 9223372036854775807;
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
UPDATE headway.unfinished SET statements_done = 6;
SELECT migrate_upgrade();
UPDATE headway.unfinished SET statements_done = :statements_done;
DELETE FROM items WHERE id = 1;
SELECT migrate_upgrade();
SELECT what FROM steps ORDER BY id;
SELECT * FROM items ORDER BY id;
SELECT count(*) FROM headway.unfinished;
SELECT revision, direction, result, statement, sqlstate FROM headway.history WHERE revision = 'd' ORDER BY id DESC LIMIT 3;
SELECT migrate_downgrade('c');

-- it may also be given up: a stamp says that the database is there, whatever was done, and the next time starts over
SELECT migrate_revision('d', 'c', 'Fourth', $up$
  CREATE TABLE parts (id int);
  CREATE INDEX CONCURRENTLY parts_idx ON parts (id);
  INSERT INTO items VALUES (1, 40);
$up$, 'DROP TABLE parts');
SELECT migrate_upgrade();
SELECT statements_done FROM headway.unfinished;
SELECT migrate_stamp('d');
SELECT count(*) FROM headway.unfinished;
DELETE FROM items WHERE id = 1;
SELECT migrate_downgrade('c');
SELECT migrate_upgrade();
SELECT to_regclass('parts_idx');
SELECT migrate_downgrade('c');
-- or start over with another script
SELECT migrate_upgrade();
SELECT migrate_revision('d', 'c', 'Fourth', 'CREATE TABLE parts (id int); CREATE INDEX CONCURRENTLY parts_idx ON parts (id)',
                        'DROP TABLE parts');
DROP TABLE parts;
SELECT migrate_forget_progress('d');
SELECT migrate_forget_progress('d');
SELECT migrate_upgrade();
SELECT migrate_downgrade('c');
SELECT migrate_revision('d', 'c', 'Fourth', $up$
  CREATE TABLE parts (id int);
  CREATE INDEX CONCURRENTLY parts_idx ON parts (id);
  INSERT INTO items VALUES (1, 40);
$up$, 'DROP TABLE parts');
-- refusals
SELECT migrate_forget_progress('nowhere');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_forget_progress(NULL);
\echo :LAST_ERROR_SQLSTATE
BEGIN READ ONLY;
SELECT migrate_forget_progress('d');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
-- a stamp forgets what it has made moot, and nothing else
INSERT INTO headway.unfinished (revision, direction, script, statements_done)
SELECT revision, direction, '', 1 FROM unnest(ARRAY['b', 'c', 'd', 'gone']) AS revision, unnest(ARRAY['upgrade', 'downgrade']) AS direction;
SELECT migrate_stamp('c');
SELECT count(*) FROM headway.unfinished;
SELECT migrate_stamp('b');
SELECT revision, direction FROM headway.unfinished ORDER BY 1, 2;
SELECT migrate_forget_progress('b'), migrate_forget_progress('c');
SELECT revision, direction FROM headway.unfinished ORDER BY 1, 2;
SELECT migrate_stamp('c');
DELETE FROM headway.unfinished;
-- or by a script without statements
SELECT migrate_upgrade();
SELECT migrate_revision('d', 'c', 'Fourth', '', 'DROP TABLE parts');
SELECT migrate_upgrade();
SELECT count(*) FROM headway.unfinished;
SELECT migrate_downgrade('c');

-- an index that a failed try has left behind INVALID is dropped and built again: IF NOT EXISTS would skip it
CREATE TABLE doubles (id int);
INSERT INTO doubles VALUES (1), (1);
SELECT migrate_revision('d', 'c', 'Fourth', 'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS doubles_idx ON doubles (id)',
                        'DROP INDEX CONCURRENTLY doubles_idx');
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
SELECT indisvalid FROM pg_index WHERE indexrelid = 'doubles_idx'::regclass;
SELECT migrate_upgrade();
DELETE FROM doubles;
SELECT migrate_upgrade();
SELECT indisvalid FROM pg_index WHERE indexrelid = 'doubles_idx'::regclass;
SELECT migrate_downgrade('c');

-- a failing downgrade
SELECT migrate_revision('d', 'c', 'Fourth', 'CREATE TABLE parts (id int)', 'DROP TABLE parts; DROP TABLE no_such_table');
SELECT migrate_upgrade();
SELECT migrate_downgrade('base');
SELECT to_regclass('parts');
SELECT * FROM migrate_current();

-- errors of other kinds: the session goes on
SELECT migrate_revision('d', 'c', 'Fourth', 'CREATE TABLE parts (id int)', 'SELECT pg_terminate_backend(pg_backend_pid())');
SELECT migrate_downgrade('c');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM migrate_current();
SELECT migrate_revision('d', 'c', 'Fourth', 'CREATE TABLE parts (id int)', 'SELECT pg_sleep(100)');
SET statement_timeout = '1500ms';
SELECT migrate_downgrade('c');
\echo :LAST_ERROR_SQLSTATE
RESET statement_timeout;
SELECT result, sqlstate FROM log;
SELECT * FROM migrate_current();
-- a script's own limit holds for its statements, one by one, and for no others
SELECT migrate_revision('d', 'c', 'Fourth', 'CREATE TABLE parts (id int)', $$
  SET statement_timeout = '1s';
  SELECT pg_sleep(0.6);
  SELECT pg_sleep(0.6);
  SELECT pg_sleep(100);
$$);
SELECT migrate_downgrade('c');
\echo :LAST_ERROR_SQLSTATE
SELECT result, stmt, message FROM log;
SELECT migrate_revision('d', 'c', 'Fourth', 'CREATE TABLE parts (id int)', $$
  SET statement_timeout = '200ms';
  SELECT pg_sleep(100);
$$, transactional => false);
SELECT migrate_downgrade('c');
DELETE FROM headway.unfinished;
SELECT migrate_revision('d', 'c', 'Fourth', 'CREATE TABLE parts (id int)', 'SET statement_timeout = ''500ms''; DROP TABLE parts');
SELECT migrate_revision('c', 'b', 'Third', 'INSERT INTO steps (what) VALUES (''c'')', 'SELECT pg_sleep(0.8)');
SELECT migrate_downgrade('b');

DROP EXTENSION pg_headway CASCADE;
DROP FUNCTION shown;
DROP TABLE steps, children, items, doubles;
