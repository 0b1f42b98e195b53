-- safe_backfill(): walks, jobs, what it refuses.
CREATE EXTENSION pg_headway;
\set VERBOSITY terse
CREATE VIEW jobs AS
  SELECT name, strategy, state, rows_done, last_error IS NOT NULL AS error, revision FROM headway.backfill ORDER BY started_at DESC;

-- by key: each row once, whatever the SET does; what has come after the beginning is not its own
CREATE TABLE by_bigint (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0);
INSERT INTO by_bigint (id) SELECT i * 3 FROM generate_series(1, 5000) AS i;
SELECT safe_backfill('by_bigint', 'n = n + 1', name => 'bigint');
SELECT n, count(*) FROM by_bigint GROUP BY n;
SELECT count(DISTINCT xmin::text) > 1 AS batches FROM by_bigint;
CREATE TABLE by_uuid (id uuid PRIMARY KEY, n int NOT NULL DEFAULT 0);
INSERT INTO by_uuid (id) SELECT md5(i::text)::uuid FROM generate_series(1, 3000) AS i;
SELECT safe_backfill('by_uuid', 'n = n + 1', batch_size => 1000, name => 'uuid');
SELECT n, count(*) FROM by_uuid GROUP BY n;
CREATE TABLE by_two (a int, b text, c int NOT NULL DEFAULT 0, PRIMARY KEY (a, b));
INSERT INTO by_two SELECT i % 10, 'x' || i % 300 FROM generate_series(1, 3000) AS i ON CONFLICT DO NOTHING;
SELECT count(*) FROM by_two;
SELECT safe_backfill('by_two', 'c = c + 1', batch_size => 7, name => 'two');
SELECT c, count(*) FROM by_two GROUP BY c;
CREATE TABLE by_text (id text COLLATE "C" UNIQUE NOT NULL, n int NOT NULL DEFAULT 0);
INSERT INTO by_text (id) SELECT CASE WHEN i % 3 = 0 THEN '' ELSE '''"\ü' END || i FROM generate_series(1, 3000) AS i;
SELECT safe_backfill('by_text', 'n = n + 1', batch_size => 100, name => 'text');
-- keys that are stored out of line
CREATE TABLE by_long_text (id text PRIMARY KEY, n int NOT NULL DEFAULT 0);
INSERT INTO by_long_text SELECT (SELECT string_agg(md5(i || '.' || j), '') FROM generate_series(1, 80) AS j) FROM generate_series(1, 50) AS i;
SELECT pg_relation_size(reltoastrelid) > 0 AS out_of_line FROM pg_class WHERE oid = 'by_long_text'::regclass;
SELECT safe_backfill('by_long_text', 'n = n + 1', batch_size => 7, name => 'long text');
SELECT n, count(*) FROM by_long_text GROUP BY n;
DROP TABLE by_long_text;
SELECT n, count(*) FROM by_text GROUP BY n;
CREATE TABLE by_time (at timestamptz PRIMARY KEY, n int NOT NULL DEFAULT 0);
INSERT INTO by_time (at) SELECT '2020-03-29 00:00+00'::timestamptz + i * interval '7 minutes 0.000001 s' FROM generate_series(-1000, 1000) AS i;
SET datestyle = 'German';
SELECT safe_backfill('by_time', 'n = n + 1', batch_size => 50, name => 'time');
RESET datestyle;
SELECT n, count(*) FROM by_time GROUP BY n;
CREATE TABLE by_numbers (a float8, b interval, n int NOT NULL DEFAULT 0, UNIQUE (a, b));
ALTER TABLE by_numbers ALTER a SET NOT NULL, ALTER b SET NOT NULL;
INSERT INTO by_numbers SELECT (i % 100) / 7.0, i * interval '1 month 1 day' FROM generate_series(1, 1000) AS i;
SET extra_float_digits = 0;
SELECT safe_backfill('by_numbers', 'n = n + 1', batch_size => 13, name => 'numbers');
RESET extra_float_digits;
SELECT n, count(*) FROM by_numbers GROUP BY n;
CREATE TABLE "by Name" ("the ""id""" name PRIMARY KEY, "select" int);
INSERT INTO "by Name" SELECT 'n' || i FROM generate_series(1, 100) AS i;
SELECT safe_backfill('"by Name"', '"select" = 1', batch_size => 10, name => 'names');
SELECT "select", count(*) FROM "by Name" GROUP BY 1;
-- with a condition
SELECT safe_backfill('by_bigint', 'n = -1', 'id % 2 = 0', name => 'even');
SELECT n, count(*) FROM by_bigint GROUP BY n ORDER BY n;
SELECT safe_backfill('by_bigint', 'n = -2', 'n = -1 -- a comment', name => 'comment');
SELECT safe_backfill('by_bigint', E'n = -3 -- a comment', 'n = -2', name => 'comment in set');
SELECT n, count(*) FROM by_bigint GROUP BY n ORDER BY n;
SELECT safe_backfill('by_bigint', '(n) = ROW(5)', 'id > 14000 OR id < 10', name => 'row');
SELECT safe_backfill('by_bigint', 'n = (SELECT max(c) FROM by_two)', 'n = 5', name => 'subquery');
-- an empty table, a table of one row
CREATE TABLE small (id int PRIMARY KEY, n int);
SELECT safe_backfill('small', 'n = 1', name => 'empty');
INSERT INTO small VALUES (1);
SELECT safe_backfill('small', 'n = 1', name => 'one');
SELECT safe_backfill('small', 'n = 2', batch_size => 1, name => 'one by one');
SELECT safe_backfill('small', 'n = 3', batch_size => 1000000000, name => 'large');
SELECT * FROM small;
SELECT * FROM jobs;

-- by ctid: needs no key, but a condition that the SET makes false
CREATE TABLE heap (a int, done boolean) WITH (fillfactor = 50);
INSERT INTO heap SELECT i FROM generate_series(1, 20000) AS i;
SELECT safe_backfill('heap', 'done = true', 'done IS NULL', name => 'heap');
SELECT done, count(*) FROM heap GROUP BY done;
SELECT safe_backfill('by_bigint', 'n = 100', 'n < 100', strategy => 'ctid', name => 'key but ctid', batch_size => 2);
SELECT n, count(*) FROM by_bigint GROUP BY n;
SELECT name, strategy, state, rows_done FROM jobs WHERE name IN ('heap', 'key but ctid') ORDER BY name;
\set VERBOSITY default
-- a condition that stays true is found out, and the batch undone
CREATE TABLE ten (a int, done boolean);
INSERT INTO ten SELECT i, true FROM generate_series(1, 10) AS i;
SELECT safe_backfill('ten', 'done = NOT done', 'a > 4', name => 'never false');
\echo :LAST_ERROR_SQLSTATE
SELECT done, count(*) FROM ten GROUP BY done;
SELECT name, state, rows_done, last_error FROM headway.backfill WHERE name = 'never false';
-- no key and no condition
SELECT safe_backfill('heap', 'done = true');
\echo :LAST_ERROR_SQLSTATE
SELECT safe_backfill('heap', 'done = true', strategy => 'key');
SELECT safe_backfill('heap', 'done = true', strategy => 'ctid');
SELECT safe_backfill('heap', 'done = true', 'done', strategy => 'fast');
\echo :LAST_ERROR_SQLSTATE
SELECT name FROM headway.backfill WHERE relation = 'public.heap' ORDER BY 1;
-- the SET changes the key
SELECT safe_backfill('by_bigint', 'id = id + 1');
SELECT safe_backfill('by_bigint', 'id = id + 1', strategy => 'key');
SELECT safe_backfill('by_two', '(c, b) = (1, ''x'')');
-- keys that are none
CREATE TABLE odd (a int, b int NOT NULL, c int NOT NULL, d int NOT NULL);
CREATE UNIQUE INDEX ON odd (a);
CREATE UNIQUE INDEX ON odd (b) WHERE b > 0;
CREATE UNIQUE INDEX ON odd (abs(c));
ALTER TABLE odd ADD UNIQUE (d) DEFERRABLE;
CREATE INDEX ON odd (d);
INSERT INTO odd VALUES (1, 1, 1, 1);
SELECT safe_backfill('odd', 'a = 1');

-- what can be walked at all
CREATE VIEW a_view AS SELECT * FROM small;
CREATE TEMP TABLE temporary (id int PRIMARY KEY);
CREATE MATERIALIZED VIEW materialized AS SELECT * FROM small;
CREATE FOREIGN DATA WRAPPER headway_fdw;
CREATE SERVER headway_server FOREIGN DATA WRAPPER headway_fdw;
CREATE FOREIGN TABLE abroad (id int) SERVER headway_server;
CREATE SEQUENCE a_sequence;
SELECT safe_backfill('a_view', 'n = 1');
\echo :LAST_ERROR_SQLSTATE
SELECT safe_backfill('materialized', 'n = 1');
SELECT safe_backfill('abroad', 'id = 1');
SELECT safe_backfill('a_sequence', 'last_value = 1');
SELECT safe_backfill('small_pkey', 'id = 1');
SELECT safe_backfill('temporary', 'id = 1');
\echo :LAST_ERROR_SQLSTATE
SELECT safe_backfill('pg_class', 'relname = relname');
\echo :LAST_ERROR_SQLSTATE
SELECT safe_backfill('no_such_table', 'n = 1');
SELECT safe_backfill(0, 'n = 1');
\echo :LAST_ERROR_SQLSTATE
SELECT safe_backfill(NULL, 'n = 1');
SELECT safe_backfill('small', NULL);
SELECT safe_backfill('small', 'n = 1', batch_size => 0);
SELECT safe_backfill('small', 'n = 1', batch_size => -1);
\echo :LAST_ERROR_SQLSTATE
SELECT safe_backfill('small', 'n = 1', strategy => NULL);
SELECT safe_backfill('small', 'n = 1', name => '');

-- clauses that are more than they should be
SELECT safe_backfill('small', 'n = 1; DROP TABLE small');
\echo :LAST_ERROR_SQLSTATE
SELECT safe_backfill('small', 'n = 1 WHERE id = 2');
SELECT safe_backfill('small', 'n = 1 FROM by_bigint');
SELECT safe_backfill('small', 'n = 1 RETURNING *');
SELECT safe_backfill('small', 'n = 1 /*', '*/ true');
SELECT safe_backfill('small', '');
SELECT safe_backfill('small', 'n');
SELECT safe_backfill('small', 'n = ');
SELECT safe_backfill('small', 'n = $1');
\echo :LAST_ERROR_SQLSTATE
SELECT safe_backfill('small', 'n = nextval(''a_sequence'')', 'id = $1');
SELECT safe_backfill('small', 'n = 1', 'true) OR (true');
\echo :LAST_ERROR_SQLSTATE
SELECT safe_backfill('small', 'n = 1', 'true; DROP TABLE small');
SELECT safe_backfill('small', 'n = 1', 'true RETURNING *');
SELECT safe_backfill('small', 'n = 1', 'true ORDER BY 1');
SELECT safe_backfill('small', 'n = 1', 'true LIMIT 1');
SELECT safe_backfill('small', 'n = 1', 'true FROM small');
SELECT safe_backfill('small', 'n = 1', 'true, false');
SELECT safe_backfill('small', 'n = 1', 'true AS x');
SELECT safe_backfill('small', 'n = 1', 'true UNION SELECT true');
SELECT safe_backfill('small', 'n = 1', '*');
SELECT safe_backfill('small', 'n = 1', 'id');
SELECT safe_backfill('small', 'n = 1', 'WHERE true');
\set VERBOSITY terse
SELECT safe_backfill('small', 'n = 1', '');
\set VERBOSITY default
SELECT safe_backfill('small', 'n = 1', 'count(*) > 0');
SELECT safe_backfill('small', 'm = 1');
\echo :LAST_ERROR_SQLSTATE
SELECT safe_backfill('small', 'n = ''one''');
SELECT safe_backfill('small', 'n = 1, n = 2');
SELECT safe_backfill('small', 'n = 1', 'm IS NULL');
-- nothing of these is recorded, and nothing was done
SELECT name, set_clause, where_clause FROM headway.backfill WHERE relation = 'public.small' ORDER BY name;
SELECT * FROM small;

-- partitions, one after the other
CREATE TABLE parted (id int PRIMARY KEY, n int NOT NULL DEFAULT 0) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (1000);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (1000) TO (3000);
INSERT INTO parted SELECT i FROM generate_series(1, 2000) AS i;
CREATE TABLE keyless (id int, n int) PARTITION BY RANGE (id);
CREATE TABLE keyless_1 PARTITION OF keyless DEFAULT;
INSERT INTO keyless SELECT i FROM generate_series(1, 100) AS i;
\set VERBOSITY terse
SELECT safe_backfill('parted', 'n = n + 1', batch_size => 300, name => 'parted');
SELECT tableoid::regclass, n, count(*) FROM parted GROUP BY 1, 2 ORDER BY 1;
\set VERBOSITY default
\set VERBOSITY terse
SELECT safe_backfill('parted', 'n = n + 1', 'n = 1', strategy => 'ctid');
SELECT tableoid::regclass, n, count(*) FROM parted GROUP BY 1, 2 ORDER BY 1;
SELECT safe_backfill('keyless_1', 'n = 1', 'n IS NULL AND id <= 40', name => 'a partition');
SELECT safe_backfill('keyless', 'n = 1', 'n IS NULL', name => 'keyless');
SELECT n, count(*) FROM keyless GROUP BY n;
\set VERBOSITY default
SELECT safe_backfill('keyless', 'n = 1');
-- rows that move to other partitions change their key with it: nothing could tell which are done
\set VERBOSITY terse
CREATE TABLE moving (id int NOT NULL, part int NOT NULL, n int NOT NULL DEFAULT 0, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
CREATE TABLE moving_1 PARTITION OF moving FOR VALUES IN (1);
CREATE TABLE moving_2 PARTITION OF moving FOR VALUES IN (2);
INSERT INTO moving SELECT i, 1 FROM generate_series(1, 500) AS i;
\set VERBOSITY default
SELECT safe_backfill('moving', 'part = 2, n = n + 1', 'part = 1');
\set VERBOSITY terse
-- inheritance: the table and its children
CREATE TABLE parent (id int PRIMARY KEY, n int NOT NULL DEFAULT 0);
CREATE TABLE child (more text, PRIMARY KEY (id)) INHERITS (parent);
INSERT INTO parent SELECT i FROM generate_series(1, 50) AS i;
INSERT INTO child SELECT i FROM generate_series(20, 80) AS i;
SELECT safe_backfill('parent', 'n = n + 1', name => 'inherited');
SELECT tableoid::regclass, n, count(*) FROM parent GROUP BY 1, 2 ORDER BY 1;
-- a foreign partition
CREATE TABLE mixed (id int, n int) PARTITION BY LIST (id);
CREATE FOREIGN TABLE mixed_abroad PARTITION OF mixed DEFAULT SERVER headway_server;
\set VERBOSITY default
SELECT safe_backfill('mixed', 'n = 1', 'n IS NULL');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse

-- a failure on data: what is done stays, and the next call goes on from there
CREATE TABLE strict (id int PRIMARY KEY, n int CHECK (n <> 150), times int NOT NULL DEFAULT 0);
INSERT INTO strict SELECT i FROM generate_series(1, 300) AS i;
\set VERBOSITY default
\set SHOW_CONTEXT errors
SELECT safe_backfill('strict', 'n = id, times = times + 1', batch_size => 40, name => 'strict');
\echo :LAST_ERROR_SQLSTATE
SELECT count(n) BETWEEN 80 AND 299 AS some, count(n) FILTER (WHERE n <> id) AS wrong, max(times) FROM strict;
SELECT state, rows_done = (SELECT count(n) FROM strict) AS counted, last_error, finished_at IS NULL AS open FROM headway.backfill WHERE name = 'strict';
SELECT count(*) AS ranges FROM headway.backfill_range WHERE name = 'strict' AND NOT done;
ALTER TABLE strict DROP CONSTRAINT strict_n_check;
\set VERBOSITY terse
-- more has come meanwhile: it is not part of the job
INSERT INTO strict SELECT i FROM generate_series(301, 310) AS i;
-- how many were done in the passes before the failure depends on the room that was found
SET client_min_messages = warning;
SELECT safe_backfill('strict', 'n = id, times = times + 1', name => 'strict') BETWEEN 1 AND 220 AS the_rest;
RESET client_min_messages;
SELECT times, count(n) FROM strict GROUP BY times ORDER BY times;
SELECT state, rows_done, last_error, finished_at IS NOT NULL AS finished FROM headway.backfill WHERE name = 'strict';
\set VERBOSITY default
-- finished, without a condition: not again
SELECT safe_backfill('strict', 'n = id, times = times + 1', name => 'strict');
SELECT max(times) FROM strict;
-- the same name for something else
SELECT safe_backfill('strict', 'n = id + 1', name => 'strict');
\echo :LAST_ERROR_SQLSTATE
SELECT safe_backfill('small', 'n = id, times = times + 1', name => 'strict');
SELECT safe_backfill('strict', 'n = id, times = times + 1', 'n IS NULL', name => 'strict');
-- the hint's way
SELECT safe_backfill_forget('strict');
\set VERBOSITY terse
SELECT safe_backfill('strict', 'n = id, times = times + 1', name => 'strict');
SELECT times, count(n) FROM strict GROUP BY times ORDER BY times;
-- finished, with a condition: what has come since
SELECT safe_backfill('strict', 'n = 0', 'n > 0', name => 'again');
INSERT INTO strict VALUES (400, 7);
SELECT safe_backfill('strict', 'n = 0', 'n > 0', name => 'again');
SELECT rows_done, batches FROM headway.backfill WHERE name = 'again';
-- without a name: one made from the definition
SELECT safe_backfill('strict', 'n = 1', 'n = 0');
SELECT safe_backfill('strict', 'n = 0', 'n = 1');
SELECT name FROM headway.backfill WHERE name LIKE 'public.strict%' ORDER BY name;

-- in a transaction it is refused
\set VERBOSITY default
BEGIN;
SELECT safe_backfill('strict', 'n = 1');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
DO 'BEGIN PERFORM safe_backfill(''strict'', ''n = 1''); END';
SELECT safe_backfill('strict', 'n = 1') FROM small;
\set VERBOSITY terse
SELECT * FROM safe_backfill('strict', 'n = 2', 'n = 1', name => 'in from') \g (tuples_only)

-- in a revision: as its own statement; the job belongs to it
SELECT migrate_revision('a', NULL, 'Fill', $up$
  UPDATE small SET n = 0;
  SELECT safe_backfill('by_bigint', 'n = n + 1');
  UPDATE small SET n = 1;
$up$, 'SELECT safe_backfill(''by_bigint'', ''n = n - 1'')');
\set VERBOSITY terse
SELECT migrate_upgrade();
SELECT n, count(*) FROM by_bigint GROUP BY n;
SELECT migrate_downgrade('base');
SELECT n, count(*) FROM by_bigint GROUP BY n;
-- again: from its beginning, though it is finished and has no condition
SELECT migrate_upgrade();
SELECT n, count(*) FROM by_bigint GROUP BY n;
SELECT name, revision, state, rows_done FROM headway.backfill WHERE revision IS NOT NULL ORDER BY name;
SELECT migrate_downgrade('base');
-- its failure is the revision's, which goes on in the middle of it
ALTER TABLE by_bigint ADD CHECK (id <> 9000 OR n = 100);
\set VERBOSITY default
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
SELECT n, count(*) > 0 AS some FROM by_bigint GROUP BY n ORDER BY n;
SELECT revision, statements_done FROM headway.unfinished;
ALTER TABLE by_bigint DROP CONSTRAINT by_bigint_check;
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT migrate_upgrade();
RESET client_min_messages;
SELECT n, count(*) FROM by_bigint GROUP BY n;
-- inside of other code it cannot be
\set VERBOSITY default
SELECT migrate_revision('b', 'a', 'Hidden', 'DO ''BEGIN PERFORM safe_backfill(''''small'''', ''''n = 9''''); END''', '');
SELECT migrate_upgrade();
SELECT migrate_revision('b', 'a', 'Hidden', 'SELECT safe_backfill(''small'', ''n = 9''), 1', '');
SELECT migrate_upgrade();

-- privileges are the caller's
CREATE ROLE regress_headway_filler;
GRANT EXECUTE ON FUNCTION safe_backfill TO regress_headway_filler;
GRANT USAGE ON SCHEMA headway TO regress_headway_filler;
GRANT ALL ON headway.backfill, headway.backfill_range, headway.backfill_skipped, headway.backfill_call TO regress_headway_filler;
SET ROLE regress_headway_filler;
SELECT safe_backfill('small', 'n = 10');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT SELECT, UPDATE (n) ON small TO regress_headway_filler;
SET ROLE regress_headway_filler;
SELECT safe_backfill('small', 'id = 10', strategy => 'ctid', where_clause => 'id < 10');
\set VERBOSITY terse
SELECT safe_backfill('small', 'n = 10');
RESET ROLE;
SELECT * FROM small;
SELECT started_by FROM headway.backfill WHERE started_by <> current_user;
-- row security is the caller's too
ALTER TABLE strict ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON strict USING (id <= 10);
GRANT ALL ON strict TO regress_headway_filler;
SET ROLE regress_headway_filler;
SELECT safe_backfill('strict', 'n = -5', name => 'policy');
RESET ROLE;
SELECT count(*) FROM strict WHERE n = -5;
-- for the owner too, when it is forced on him; done is what has reached all rows
ALTER TABLE strict FORCE ROW LEVEL SECURITY, OWNER TO regress_headway_filler;
SET ROLE regress_headway_filler;
SELECT safe_backfill('strict', 'n = -5', name => 'policy');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT count(*) FROM headway.backfill WHERE name = 'policy';
SELECT safe_backfill('strict', 'n = -5', name => 'policy');
ALTER TABLE strict DISABLE ROW LEVEL SECURITY, OWNER TO CURRENT_USER;

-- an empty table has nothing to be walked by, and needs nothing
CREATE TABLE empty_one (n int);
SELECT safe_backfill('empty_one', 'n = 1');
INSERT INTO empty_one VALUES (0);
SELECT safe_backfill('empty_one', 'n = 2');
DROP TABLE empty_one;

-- each row has a new entry in an index, which no deletion of old versions can make room for: it grows, and is told of
CREATE TABLE growing (id int PRIMARY KEY, k text);
INSERT INTO growing SELECT i, md5(i::text) || md5((i + 1)::text) || md5((i + 2)::text) FROM generate_series(1, 160000) AS i;
CREATE INDEX ON growing (k);
SELECT pg_indexes_size('growing') AS before \gset
SET client_min_messages = warning;
SELECT safe_backfill('growing', 'k = reverse(k)', name => 'growing', vacuum_every => 0);
RESET client_min_messages;
SELECT pg_indexes_size('growing') - :before > 8 * 1024 * 1024 AS have_grown;
DROP TABLE growing;

-- a key that moves though the SET does not name it: by generation, by a trigger
CREATE TABLE keyed (a numeric, k numeric GENERATED ALWAYS AS (a * 2) STORED PRIMARY KEY, u int, c int NOT NULL DEFAULT 0);
INSERT INTO keyed (a, u) SELECT i, i FROM generate_series(1, 3000) AS i;
\set VERBOSITY default
SELECT safe_backfill('keyed', 'a = a + 100.25, c = c + 1', name => 'keyed');
\set VERBOSITY terse
-- another key that it leaves alone will do
ALTER TABLE keyed ADD UNIQUE (u), ALTER u SET NOT NULL;
SELECT safe_backfill('keyed', 'a = a + 100.25, c = c + 1', name => 'keyed');
SELECT c, count(*) FROM keyed GROUP BY c;
CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.u := NEW.u + 5000; RETURN NEW; END';
CREATE TRIGGER move BEFORE UPDATE ON keyed FOR EACH ROW EXECUTE FUNCTION move();
\set VERBOSITY default
SET client_min_messages = warning;
SELECT safe_backfill('keyed', 'a = -a, c = c + 1', name => 'moved');
RESET client_min_messages;
\set VERBOSITY terse
SELECT safe_backfill('keyed', 'a = -a', 'a > 0', name => 'moved, by page', strategy => 'ctid');
SELECT safe_delete('keyed', 'c = 1', name => 'keyed away');
-- as one of a partitioned table whose rows change places
CREATE TABLE keyed_parts (id int, half int, c int NOT NULL DEFAULT 0, PRIMARY KEY (id, half)) PARTITION BY LIST (half);
CREATE TABLE keyed_parts_0 PARTITION OF keyed_parts FOR VALUES IN (0);
CREATE TABLE keyed_parts_1 PARTITION OF keyed_parts FOR VALUES IN (1);
INSERT INTO keyed_parts SELECT i, i % 2 FROM generate_series(1, 100) AS i;
SELECT safe_backfill('keyed_parts', 'half = 1 - half, c = c + 1', name => 'changing places');
DROP TABLE keyed, keyed_parts;
DROP FUNCTION move;

-- rows that a trigger keeps as they are: it is said how many
CREATE TABLE kept (id int PRIMARY KEY, n int NOT NULL DEFAULT 0);
INSERT INTO kept SELECT i FROM generate_series(1, 1000) AS i;
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF OLD.id % 4 = 0 THEN RETURN NULL; END IF; RETURN coalesce(NEW, OLD); END';
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON kept FOR EACH ROW EXECUTE FUNCTION keep();
\set VERBOSITY default
SET client_min_messages = warning;
SELECT safe_backfill('kept', 'n = n + 1', name => 'kept');
RESET client_min_messages;
\set VERBOSITY terse
SELECT state, rows_done, rows_unchanged FROM headway.backfill WHERE name = 'kept';
SELECT n, count(*) FROM kept GROUP BY n ORDER BY n;
SELECT safe_backfill('kept', 'n = n + 1', 'n < 100', name => 'kept, still matching');
SELECT safe_backfill('kept', 'n = 100', 'n <> 100', name => 'kept, by page');
SELECT rows_done, rows_unchanged FROM headway.backfill WHERE name ~ '^kept, ' ORDER BY name;
SELECT safe_delete('kept', 'n = 100 OR id % 4 = 0', name => 'kept from being deleted');
SELECT count(*) FROM kept;
SELECT migrate_revision('k', 'a', 'Kept', 'SELECT safe_backfill(''kept'', ''n = 7'')', '');
SELECT migrate_upgrade('k');
SELECT migrate_forget_progress('k');
SELECT migrate_forget('k');
DROP TABLE kept;
DROP FUNCTION keep;

-- a row that fails is noted and passed over, by choice
CREATE TABLE some_bad (id int PRIMARY KEY, n int CHECK (n NOT IN (7, 8, 300)));
INSERT INTO some_bad SELECT i FROM generate_series(1, 300) AS i;
SELECT safe_backfill('some_bad', 'n = id', name => 'some bad', on_error => 'skip');
SELECT relation, key, sqlstate, message FROM headway.backfill_skipped ORDER BY key;
SELECT count(*) FROM some_bad WHERE n IS NULL;
-- the next call tries them again, and them alone, though nothing else tells which they are
UPDATE some_bad SET n = -1 WHERE n IS NOT NULL;
ALTER TABLE some_bad DROP CONSTRAINT some_bad_n_check, ADD CHECK (n <> 8);
SELECT safe_backfill('some_bad', 'n = id', name => 'some bad', on_error => 'skip');
SELECT relation, key, sqlstate FROM headway.backfill_skipped ORDER BY key;
SELECT id, n FROM some_bad WHERE n <> -1 OR n IS NULL ORDER BY id;
ALTER TABLE some_bad DROP CONSTRAINT some_bad_n_check;
SELECT safe_backfill('some_bad', 'n = id', name => 'some bad', on_error => 'skip');
SELECT count(*) FROM headway.backfill_skipped;
SELECT id, n FROM some_bad WHERE n <> -1 ORDER BY id;
SELECT safe_backfill('some_bad', 'n = id', name => 'some bad', on_error => 'skip');
\set VERBOSITY terse

-- a job that is done can be told to stand still, too: the call of the next night heeds it
SELECT safe_backfill_pause('some bad');
SELECT safe_backfill('some_bad', 'n = id', name => 'some bad', on_error => 'skip');
SELECT safe_backfill_cancel('some bad');
SELECT state, request FROM headway.backfill WHERE name = 'some bad';

-- purges
CREATE TABLE old (id int PRIMARY KEY, at int NOT NULL);
INSERT INTO old SELECT i, i % 10 FROM generate_series(1, 1000) AS i;
SELECT safe_delete('old', 'at < 3', name => 'purge');
SELECT safe_delete('old', 'at = 3', strategy => 'key', batch_size => 7, name => 'purge by key');
SELECT safe_delete('old', 'at < 3', name => 'purge');
SELECT min(at), count(*) FROM old;
SELECT safe_delete('old', NULL);
SELECT safe_delete('old', 'at = 4; DROP TABLE old');
SELECT name, command, set_clause, state, rows_done FROM headway.backfill WHERE relation = 'public.old' ORDER BY name;
-- a purge in a revision, as its own statement; not one that goes on behind it
SELECT migrate_revision('b', 'a', 'Purge', 'SELECT safe_delete(''old'', ''at = 4'')', '');
SELECT migrate_revision('c', 'b', 'Purge behind it', 'SELECT safe_delete(''old'', ''at = 5'', wait => false)', '');
SELECT migrate_upgrade('b');
SELECT min(at), count(*) FROM old;
SELECT name, revision, state, rows_done FROM headway.backfill WHERE revision LIKE '% b';
\set VERBOSITY default
SELECT migrate_upgrade('c');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse
SELECT min(at), count(*) FROM old;

-- several workers
CREATE TABLE wide (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, pad text DEFAULT repeat('x', 100));
INSERT INTO wide (id) SELECT generate_series(1, 20000);
SELECT safe_backfill('wide', 'n = n + 1', name => 'by three', workers => 3);
SELECT safe_backfill('wide', 'n = n + 1', 'n < 2', name => 'by ctid', workers => 2);
SELECT n, count(*) FROM wide GROUP BY n;

-- what is asked of a job
SELECT safe_backfill_pause('no such job');
SELECT safe_backfill_set('no such job', pause => '1 s');
SELECT safe_backfill_forget('no such job');
INSERT INTO headway.backfill (name, command, relation, relation_oid, set_clause, on_error, strategy, target_batch_time, pause, vacuum_every)
  VALUES ('idle', 'update', 'public.wide', 'wide'::regclass, 'n = 9', 'stop', 'key', '100 ms', '0', 0.1);
SELECT safe_backfill_pause('idle');
SELECT safe_backfill('wide', 'n = 9', name => 'idle');
SELECT name, state, bar, percent, rows_done FROM headway.progress ORDER BY name;
SELECT safe_backfill_resume('idle');
SELECT name, state FROM headway.progress ORDER BY name;
SELECT safe_backfill_set('idle', batch_size => 100, pause => '1 s', time_window => 'Mon-Fri 22:00-06:00', max_replica_lag => '2 s', max_wal_rate => '10 MB');
SELECT batch_size, target_batch_time, pause, time_window, max_replica_lag, max_wal_rate, vacuum_every FROM headway.backfill WHERE name = 'idle';
SELECT safe_backfill_set('idle', batch_size => 0, pause => '-1 s', time_window => '', max_replica_lag => '', max_wal_rate => '', target_batch_time => '20 ms', vacuum_every => 0);
SELECT batch_size, target_batch_time, pause, time_window, max_replica_lag, max_wal_rate, vacuum_every FROM headway.backfill WHERE name = 'idle';
SELECT safe_backfill_set('idle', batch_size => -1);
SELECT safe_backfill_set('idle', target_batch_time => '0');
SELECT safe_backfill_set('idle', time_window => 'at night');
SELECT safe_backfill_set('idle', max_replica_lag => '1.5 GB');
SELECT max_replica_lag, max_replica_lag_bytes FROM headway.backfill WHERE name = 'idle';
SELECT safe_backfill_set('idle', max_replica_lag => 'much');
SELECT safe_backfill_set('idle', max_replica_lag => '0 MB');
SELECT safe_backfill_set('idle', max_replica_lag => '300 years');
SELECT safe_backfill_set('idle', max_wal_rate => 'little');
SELECT safe_backfill_set('idle', vacuum_every => 'NaN');
SELECT safe_backfill_cancel('idle');
SELECT name, state FROM headway.progress ORDER BY name;
SELECT safe_backfill_forget('idle');
SELECT count(*) FROM headway.progress;
-- limits that are none
SELECT safe_backfill('wide', 'n = 9', target_batch_time => '0');
SELECT safe_backfill('wide', 'n = 9', pause => '-1 s');
SELECT safe_backfill('wide', 'n = 9', max_duration => '0');
SELECT safe_backfill('wide', 'n = 9', workers => 0);
SELECT safe_backfill('wide', 'n = 9', workers => 65);
SELECT safe_backfill('wide', 'n = 9', on_error => 'ignore');
SELECT safe_backfill('wide', 'n = 9', vacuum_every => -1);
SELECT safe_backfill('wide', 'n = 9', max_replica_lag => '0');
SELECT safe_backfill('wide', 'n = 9', time_window => 'at night');
SELECT safe_backfill('wide', 'n = 9', pause => NULL);
SELECT safe_backfill('wide', 'n = 9', pause => '1000 years');

-- triggers see it as any UPDATE
CREATE FUNCTION twice() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.n = NEW.n * 2; RETURN NEW; END';
CREATE TRIGGER twice BEFORE UPDATE ON small FOR EACH ROW EXECUTE FUNCTION twice();
SELECT safe_backfill('small', 'n = 21', name => 'triggered');
SELECT * FROM small;

DROP EXTENSION pg_headway CASCADE;
DROP OWNED BY regress_headway_filler;
DROP ROLE regress_headway_filler;
DROP FOREIGN DATA WRAPPER headway_fdw CASCADE;
DROP VIEW a_view;
DROP MATERIALIZED VIEW materialized;
DROP SEQUENCE a_sequence;
DROP TABLE moving, parent, child, mixed, some_bad, old, wide, by_bigint, by_uuid, by_two, by_text, by_time, by_numbers, "by Name", small, heap, ten, odd, parted, keyless, strict, temporary;
DROP FUNCTION twice;
