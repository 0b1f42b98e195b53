-- safe_add_column(): at once what the server does at once, in phases what would rewrite the table.
CREATE EXTENSION pg_headway;

CREATE TABLE channels (id int PRIMARY KEY);
INSERT INTO channels VALUES (1);
CREATE TABLE videos (id int PRIMARY KEY, title text);
INSERT INTO videos SELECT i, 'title ' || i FROM generate_series(1, 1000) i;
SELECT pg_relation_filenode('videos') AS node \gset

-- A default that is the same for all rows: a moment.
SELECT safe_add_column('videos', 'views bigint NOT NULL DEFAULT 0');
SELECT safe_add_column('videos', 'views bigint NOT NULL DEFAULT 0');
SELECT safe_add_column('videos', 'views int8 DEFAULT (0) NOT NULL -- the same');
SELECT safe_add_column('videos', 'seen timestamptz DEFAULT now()');
SELECT safe_add_column('videos', 'plain text');
SELECT safe_add_column('videos', $$"Odd Name" varchar(10) DEFAULT 'a' -- comment
  COLLATE "C" NOT NULL /* comment */$$);
SELECT count(*), sum(views), count(DISTINCT seen), min("Odd Name") FROM videos;

-- The one that there is is another one.
SELECT safe_add_column('videos', 'views int NOT NULL DEFAULT 0');
SELECT safe_add_column('videos', 'views bigint NOT NULL DEFAULT 1');
SELECT safe_add_column('videos', 'plain text DEFAULT gen_random_uuid()::text');
SELECT safe_add_column('videos', 'plain text COLLATE "C"');
SELECT safe_add_column('videos', '"Odd Name" varchar(11) COLLATE "C" DEFAULT ''a'' NOT NULL');

-- A volatile default: each row has a value of its own.
SET client_min_messages = warning;
SELECT safe_add_column('videos', 'token uuid DEFAULT gen_random_uuid() NOT NULL') > 1 AS in_phases;
SELECT safe_add_column('videos', 'mark uuid DEFAULT gen_random_uuid()');
RESET client_min_messages;
SELECT count(*), count(DISTINCT token), count(DISTINCT mark) FROM videos;
-- What is NULL afterwards was meant to be.
UPDATE videos SET mark = NULL WHERE id = 1;
INSERT INTO videos (id, mark) VALUES (1001, NULL), (1002, DEFAULT);
SELECT safe_add_column('videos', 'mark uuid DEFAULT gen_random_uuid()');
SELECT id, token IS NULL AS token, mark IS NULL AS mark FROM videos WHERE mark IS NULL OR id > 1000 ORDER BY id;
SELECT safe_add_column('videos', 'token uuid NOT NULL DEFAULT gen_random_uuid()') > 1 AS in_phases;

-- It was stopped before the filling, and in the middle of it; and a column that was given up is another one.
ALTER TABLE videos ADD COLUMN code text, ALTER COLUMN code SET DEFAULT gen_random_uuid()::text,
  ADD CONSTRAINT headway_code_unfilled CHECK (code IS NULL OR code IS NOT NULL) NOT VALID;
CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stopped at %', NEW.id; END $$;
CREATE TRIGGER stop BEFORE UPDATE ON videos FOR EACH ROW WHEN (NEW.id = 900) EXECUTE FUNCTION stop();
SET client_min_messages = warning;
\set VERBOSITY terse
SELECT safe_add_column('videos', 'code text DEFAULT gen_random_uuid()::text');
\set VERBOSITY default
SELECT state, count(*) FROM headway.backfill WHERE set_clause LIKE 'code%' GROUP BY 1;
SELECT convalidated FROM pg_constraint WHERE conname = 'headway_code_unfilled';
UPDATE headway.backfill_range SET position = '{800}', bound = '{1002}', window_end = '{}', pass_position = '{}' WHERE name IN (SELECT name FROM headway.backfill WHERE set_clause LIKE 'code%');
ALTER TABLE videos DISABLE TRIGGER stop;
ALTER TABLE videos DROP COLUMN code;
SELECT safe_add_column('videos', 'code text DEFAULT gen_random_uuid()::text');
SELECT count(*), count(DISTINCT code) FROM videos;
SELECT count(*) FROM pg_constraint WHERE conname = 'headway_code_unfilled';
RESET client_min_messages;

-- It was stopped, and is asked for as NOT NULL, or the other way round.
ALTER TABLE videos ENABLE TRIGGER stop;
SET client_min_messages = warning;
\set VERBOSITY terse
SELECT safe_add_column('videos', 'one float DEFAULT random()');
SELECT safe_add_column('videos', 'two float NOT NULL DEFAULT random()');
\set VERBOSITY default
ALTER TABLE videos DISABLE TRIGGER stop;
SELECT safe_add_column('videos', 'one float NOT NULL DEFAULT random()') > 1 AS in_phases;
SELECT safe_add_column('videos', 'two float DEFAULT random()');
RESET client_min_messages;
SELECT count(one), count(two) FROM videos;
SELECT conname FROM pg_constraint WHERE conname LIKE 'headway%';
SELECT safe_add_column('videos', 'one float NOT NULL DEFAULT random()') > 1 AS in_phases;
SELECT safe_add_column('videos', 'two float DEFAULT random()');
ALTER TABLE videos DROP COLUMN one, DROP COLUMN two;

-- Types as they are written.
SELECT safe_add_column('videos', 'a1 text COMPRESSION pglz DEFAULT ''a''');
SELECT safe_add_column('videos', 'a2 int[] NOT NULL DEFAULT ''{}''');
SELECT safe_add_column('videos', 'a3 timestamp(3) with time zone NULL DEFAULT now()');
SELECT safe_add_column('videos', 'a4 numeric(10, 2) CONSTRAINT "default" DEFAULT 0.5 NOT NULL');
SELECT safe_add_column('videos', 'a4 pg_catalog.numeric(10,2) DEFAULT (0.5)');
SELECT safe_add_column('videos', 'a5 pg_catalog."char" DEFAULT (E''\\'')');
ALTER TABLE videos DROP COLUMN a1, DROP COLUMN a2, DROP COLUMN a3, DROP COLUMN a4, DROP COLUMN a5;

-- NOT NULL that was left behind is caught up with.
ALTER TABLE videos ADD COLUMN late int DEFAULT 7;
UPDATE videos SET late = NULL WHERE id < 4;
SET client_min_messages = warning;
SELECT safe_add_column('videos', 'late int NOT NULL DEFAULT 7') > 1 AS in_phases;
RESET client_min_messages;
SELECT sum(late) FROM videos WHERE id < 4;

-- CHECK and REFERENCES: phases of their own.
CREATE INDEX ON videos (title);
SELECT safe_add_column('videos', 'channel_id int CHECK (channel_id > 0) REFERENCES channels ON DELETE SET NULL DEFERRABLE
  CONSTRAINT "Below" CHECK (channel_id < 10) CHECK (channel_id <> 7)');
SELECT safe_add_column('videos', 'channel_id int CHECK (channel_id > 0) REFERENCES channels ON DELETE SET NULL DEFERRABLE
  CONSTRAINT "Below" CHECK (channel_id < 10) CHECK (channel_id <> 7)');
SELECT safe_add_column('videos', 'rank int NOT NULL DEFAULT 0 CHECK (rank > 0)');
UPDATE videos SET rank = 1;
SELECT safe_add_column('videos', 'rank int NOT NULL DEFAULT 0 CHECK (rank > 0)');
SELECT pg_relation_filenode('videos') = :node AS not_written_anew;
\d videos

-- A partitioned table, without a key to walk by.
CREATE TABLE days (day date, n int) PARTITION BY RANGE (day);
CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
INSERT INTO days VALUES ('2025-01-01', 1), ('2025-01-02', 2), ('2025-02-01', 1);
SET client_min_messages = warning;
SELECT safe_add_column('days', 'kind text NOT NULL DEFAULT ''plain'' CHECK (kind <> '''')');
SELECT safe_add_column('days', 'token uuid NOT NULL DEFAULT gen_random_uuid()') > 1 AS in_phases;
SELECT safe_add_column('days', 'mark uuid DEFAULT gen_random_uuid()');
SELECT safe_add_column('days', 'channel_id int DEFAULT 1 REFERENCES channels');
RESET client_min_messages;
SELECT count(*), count(DISTINCT token), count(DISTINCT mark), sum(channel_id) FROM days;
SELECT conrelid::regclass, conname, convalidated FROM pg_constraint WHERE conrelid::regclass::text LIKE 'days%' AND contype <> 'n' ORDER BY 1, 2;
SELECT safe_add_column('days_1', 'only_here int');

-- As a statement of a revision.
SELECT migrate_revision('a', NULL, 'Length', $$SELECT safe_add_column('videos', 'length int NOT NULL DEFAULT 0')$$,
  $$ALTER TABLE videos DROP COLUMN length$$);
SELECT migrate_upgrade('head');
SELECT migrate_downgrade('base');

-- NOT NULL without a value: known before anything is done. An empty table is no matter.
SELECT safe_add_column('videos', 'length int NOT NULL');
SELECT safe_add_column('videos', 'length int NOT NULL DEFAULT NULL');
CREATE TABLE empty ();
SELECT safe_add_column('empty', 'length int NOT NULL');

-- Refused, with the reason and what to do instead.
SELECT safe_add_column('videos', 'code2 text UNIQUE');
SELECT safe_add_column('videos', 'code2 int PRIMARY KEY');
SELECT safe_add_column('videos', 'double int GENERATED ALWAYS AS (2 * id) STORED');
SELECT safe_add_column('videos', 'n int CHECK (n > 0) NO INHERIT');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN random AS float8 DEFAULT random();
CREATE DOMAIN plain_int AS int DEFAULT 4;
SELECT safe_add_column('videos', 'n positive DEFAULT 1');
SELECT safe_add_column('videos', 'n random');
SELECT safe_add_column('videos', 'four plain_int');
CREATE TABLE plainly AS SELECT id FROM videos;
ALTER TABLE plainly ADD COLUMN four plain_int;
SELECT sum(four) IS NOT DISTINCT FROM (SELECT sum(four) FROM plainly) AS as_by_alter_table FROM videos;
DROP TABLE plainly;
SELECT safe_add_column('videos', '"Serial No" bigserial');
SELECT safe_add_column('videos', 'serial_no int GENERATED BY DEFAULT AS IDENTITY');
SET client_min_messages = warning;
CREATE SEQUENCE public.videos_serial_no_seq; SELECT safe_add_column('public.videos', 'serial_no bigint NOT NULL DEFAULT nextval(''public.videos_serial_no_seq'')') > 1 AS in_phases; ALTER SEQUENCE public.videos_serial_no_seq OWNED BY public.videos.serial_no;
SELECT count(*), count(DISTINCT serial_no), max(serial_no) FROM videos;
RESET client_min_messages;

-- Refused: anything more than a column.
SELECT safe_add_column('videos', 'n int, DROP COLUMN title');
SELECT safe_add_column('videos', 'n int; DROP TABLE videos');
SELECT safe_add_column('videos', 'n int;');
SELECT safe_add_column('videos', 'n int DEFAULT 1); DROP TABLE videos; SELECT (1');
SELECT safe_add_column('videos', 'IF NOT EXISTS n int');
SELECT safe_add_column('videos', 'n int DEFAULT 1 DEFAULT 2');
SELECT safe_add_column('videos', 'n int NULL NOT NULL');
SELECT safe_add_column('videos', 'n int DEFERRABLE');
SELECT safe_add_column('videos', 'n');
SELECT safe_add_column('videos', '');
SELECT safe_add_column('videos', NULL);
SELECT safe_add_column('videos', 'n nothing');
SELECT safe_add_column('videos', 'n int DEFAULT ''x''');
SELECT safe_add_column('videos', 'n int DEFAULT id');
SELECT safe_add_column('videos', 'n int CHECK (nothing > n)');
SELECT safe_add_column('videos', 'n int CHECK (n) -- (comment)');
SELECT safe_add_column('videos', 'n int REFERENCES nowhere');
SELECT safe_add_column('videos', 'n int COLLATE "C"');
SELECT safe_add_column('videos', 'xmin int');
BEGIN;
SELECT safe_add_column('videos', 'n int');
ROLLBACK;
SELECT count(*) FROM pg_attribute WHERE attrelid = 'videos'::regclass AND attname = 'n';

-- The caller's privileges only.
CREATE ROLE headway_op_reader;
GRANT USAGE ON SCHEMA headway, public TO headway_op_reader;
GRANT SELECT ON videos TO headway_op_reader;
GRANT EXECUTE ON FUNCTION safe_add_column(regclass, text) TO headway_op_reader;
SET ROLE headway_op_reader;
SELECT safe_add_column('videos', 'n int');
RESET ROLE;
DROP OWNED BY headway_op_reader;
DROP ROLE headway_op_reader;

SET client_min_messages = warning;
DROP TABLE videos, channels, days, empty CASCADE;
DROP DOMAIN positive, random, plain_int;
DROP FUNCTION stop;
DROP EXTENSION pg_headway CASCADE;
