-- safe_add_foreign_key(): NOT VALID, then VALIDATE.
CREATE EXTENSION pg_headway;

CREATE TABLE channels (id int PRIMARY KEY, name text UNIQUE, owner int, number int, UNIQUE (owner, number));
CREATE TABLE videos (id int PRIMARY KEY, channel_id int, owner int, number int);
CREATE INDEX ON videos (channel_id);
INSERT INTO channels SELECT i, 'channel ' || i, i, i FROM generate_series(1, 10) i;
INSERT INTO videos SELECT i, 1 + i % 11, CASE WHEN i > 50 THEN 1 END, 1 FROM generate_series(1, 100) i;

-- An orphan is in the way: it is found by the hint, corrected, and the same call goes on.
SELECT safe_add_foreign_key('videos', '(channel_id) REFERENCES channels');
INSERT INTO videos VALUES (1000, 11);
SELECT conname, convalidated FROM pg_constraint WHERE conrelid = 'videos'::regclass AND contype = 'f';
SELECT * FROM public.videos AS f WHERE (f.channel_id IS NOT NULL) AND NOT EXISTS (SELECT FROM public.channels AS p WHERE p.id = f.channel_id)
LIMIT 1;
UPDATE videos SET channel_id = NULL WHERE channel_id = 11;
SELECT safe_add_foreign_key('videos', '(channel_id) REFERENCES channels');
SELECT safe_add_foreign_key('videos', '(channel_id) REFERENCES channels');
SELECT conname, convalidated FROM pg_constraint WHERE conrelid = 'videos'::regclass AND contype = 'f';

-- What counts is what it means, not how it is written.
SELECT safe_add_foreign_key('videos', '("channel_id") REFERENCES public.channels(id) MATCH SIMPLE ON DELETE NO ACTION -- same');
SELECT safe_add_foreign_key('videos', '(channel_id) REFERENCES channels ON DELETE CASCADE');
SELECT safe_add_foreign_key('videos', '(channel_id) REFERENCES channels ON UPDATE CASCADE');
SELECT safe_add_foreign_key('videos', '(channel_id) REFERENCES channels MATCH FULL');
SELECT safe_add_foreign_key('videos', '(channel_id) REFERENCES channels DEFERRABLE');
SELECT safe_add_foreign_key('videos', '(id) REFERENCES channels', 'videos_channel_id_fkey');
SELECT safe_add_foreign_key('videos', '(channel_id) REFERENCES channels', 'videos_pkey');

-- Several columns, actions on some of them, another name; an index is missed.
SELECT safe_add_foreign_key('videos',
  '(owner, number) REFERENCES channels (owner, number) ON DELETE SET NULL (number) DEFERRABLE INITIALLY DEFERRED', 'Made By');
SELECT safe_add_foreign_key('videos',
  '(owner, number) REFERENCES channels (owner, number) ON DELETE SET NULL (owner) DEFERRABLE INITIALLY DEFERRED', 'Made By');
SELECT safe_add_foreign_key('videos',
  '(owner, number) REFERENCES channels (owner, number) ON DELETE SET NULL (number) DEFERRABLE INITIALLY DEFERRED', 'Made By');
SELECT safe_add_foreign_key('videos', '(owner, number) REFERENCES channels (owner, number) MATCH FULL');
SELECT count(*) FROM public.videos AS f WHERE (f.owner IS NOT NULL OR f.number IS NOT NULL) AND NOT EXISTS (SELECT FROM public.channels AS p WHERE p.owner = f.owner AND p.number = f.number);
UPDATE videos SET number = NULL WHERE owner IS NULL;
CREATE INDEX ON videos (number, owner);
SELECT safe_add_foreign_key('videos', '(owner, number) REFERENCES channels (owner, number) MATCH FULL');
SELECT conname, convalidated, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = 'videos'::regclass AND contype = 'f' ORDER BY 1;

-- One that was added by hand is validated. A table may reference itself.
ALTER TABLE videos ADD CONSTRAINT by_hand FOREIGN KEY (id) REFERENCES videos NOT VALID;
SELECT safe_add_foreign_key('videos', '(id) REFERENCES videos', 'by_hand');

-- Odd names.
CREATE SCHEMA "Odd Schema";
CREATE TABLE "Odd Schema"."The Channels" ("The Id" int PRIMARY KEY);
CREATE TABLE "Odd Schema"."The Videos" ("The Channel" int);
INSERT INTO "Odd Schema"."The Videos" VALUES (1);
SELECT safe_add_foreign_key('"Odd Schema"."The Videos"', '("The Channel") REFERENCES "Odd Schema"."The Channels"');
SELECT * FROM "Odd Schema"."The Videos" AS f WHERE (f."The Channel" IS NOT NULL) AND NOT EXISTS (SELECT FROM "Odd Schema"."The Channels" AS p WHERE p."The Id" = f."The Channel");
TRUNCATE "Odd Schema"."The Videos";
SET search_path = "Odd Schema";
SELECT public.safe_add_foreign_key('"The Videos"', '("The Channel") REFERENCES "The Channels"');
RESET search_path;

-- A partitioned table: each partition by itself, and the parent takes theirs over.
CREATE TABLE views (day date, channel_id int) PARTITION BY RANGE (day);
CREATE TABLE views_1 PARTITION OF views FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE views_2 (channel_id int, day date) PARTITION BY RANGE (day);
CREATE TABLE views_2a PARTITION OF views_2 FOR VALUES FROM ('2025-02-01') TO ('2025-02-15');
ALTER TABLE views ATTACH PARTITION views_2 FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
INSERT INTO views VALUES ('2025-01-01', 1), ('2025-02-01', 77);
SELECT safe_add_foreign_key('views', '(channel_id) REFERENCES channels ON DELETE CASCADE');
SELECT conrelid::regclass, conname, convalidated FROM pg_constraint WHERE conrelid::regclass::text LIKE 'views%' ORDER BY 1;
DELETE FROM views WHERE channel_id = 77;
-- It is not read again: a row that came in past the triggers is not met.
SELECT safe_add_foreign_key('views_2a', '(channel_id) REFERENCES channels ON DELETE CASCADE', 'views_channel_id_fkey');
SET session_replication_role = replica;
INSERT INTO views VALUES ('2025-02-02', 78);
RESET session_replication_role;
CREATE INDEX ON views (channel_id);
SELECT safe_add_foreign_key('views', '(channel_id) REFERENCES channels ON DELETE CASCADE');
DELETE FROM views WHERE channel_id = 78;
SELECT safe_add_foreign_key('views', '(channel_id) REFERENCES channels ON DELETE CASCADE');
SELECT safe_add_foreign_key('views', '(channel_id) REFERENCES channels');
SELECT conrelid::regclass, conname, convalidated, conparentid <> 0 AS attached FROM pg_constraint
WHERE conrelid::regclass::text LIKE 'views%' ORDER BY 1;
-- Another one on the same columns does not take over what is the first one's, and reads nothing at once either.
SELECT safe_add_foreign_key('views', '(channel_id) REFERENCES channels ON DELETE CASCADE', 'again');
SELECT safe_add_foreign_key('views', '(channel_id) REFERENCES channels ON DELETE CASCADE', 'again');
SELECT conrelid::regclass, conname, convalidated, conparentid <> 0 AS attached FROM pg_constraint
WHERE conrelid::regclass::text LIKE 'views%' AND conname = 'again' ORDER BY 1;
ALTER TABLE views DROP CONSTRAINT again;
-- A table between has it already.
ALTER TABLE views DROP CONSTRAINT views_channel_id_fkey;
SELECT safe_add_foreign_key('views_2', '(channel_id) REFERENCES channels ON DELETE CASCADE', 'between');
SELECT safe_add_foreign_key('views', '(channel_id) REFERENCES channels ON DELETE CASCADE');
SELECT conrelid::regclass, conname, convalidated, conparentid <> 0 AS attached FROM pg_constraint
WHERE conrelid::regclass::text LIKE 'views%' AND contype = 'f' ORDER BY 1;
INSERT INTO views VALUES ('2025-02-02', 79);
INSERT INTO channels (id) VALUES (20);
INSERT INTO views VALUES ('2025-02-02', 20);
DELETE FROM channels WHERE id = 20;
SELECT count(*) FROM views;

-- References to a partitioned table, from a plain one and from a partitioned one.
CREATE TABLE days (day date PRIMARY KEY) PARTITION BY RANGE (day);
CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
INSERT INTO days VALUES ('2025-01-01'), ('2025-02-01');
CREATE TABLE notes (day date);
INSERT INTO notes VALUES ('2025-01-01'), ('2025-02-03');
INSERT INTO views VALUES ('2025-01-01', 2), ('2025-02-01', 2);
SET client_min_messages = warning;
SELECT safe_add_foreign_key('notes', '(day) REFERENCES days');
UPDATE notes SET day = '2025-02-01' WHERE day = '2025-02-03';
SELECT safe_add_foreign_key('notes', '(day) REFERENCES days');
SELECT safe_add_foreign_key('views', '(day) REFERENCES days');
RESET client_min_messages;
SELECT safe_add_foreign_key('notes', '(day) REFERENCES days');
SELECT conrelid::regclass, conname, convalidated, conparentid <> 0 AS attached FROM pg_constraint
WHERE confrelid = 'days'::regclass ORDER BY 1;
\set VERBOSITY sqlstate
DELETE FROM days WHERE day = '2025-02-01';
\set VERBOSITY default
INSERT INTO notes VALUES ('2025-01-02');
CREATE TABLE days_3 PARTITION OF days FOR VALUES FROM ('2025-03-01') TO ('2025-04-01');
\set VERBOSITY terse
DROP TABLE days CASCADE;
\set VERBOSITY default

-- As a statement of a revision.
SELECT migrate_revision('a', NULL, 'Owners', $$SELECT safe_add_foreign_key('videos', '(number) REFERENCES channels')$$,
  $$ALTER TABLE videos DROP CONSTRAINT videos_number_fkey$$);
SELECT migrate_upgrade('head');
SELECT migrate_downgrade('base');

-- Refused, with the reason.
BEGIN;
SELECT safe_add_foreign_key('videos', '(number) REFERENCES channels');
ROLLBACK;
SELECT safe_add_foreign_key('videos', '(number) REFERENCES channels, DROP COLUMN owner');
SELECT safe_add_foreign_key('videos', '(number) REFERENCES channels; DROP TABLE videos');
SELECT safe_add_foreign_key('videos', '(number) REFERENCES channels;');
SELECT safe_add_foreign_key('videos', '(number) REFERENCES channels NOT VALID');
SELECT safe_add_foreign_key('videos', '(number) REFERENCES channels /* open');
SELECT safe_add_foreign_key('videos', 'number REFERENCES channels');
SELECT safe_add_foreign_key('videos', '');
SELECT safe_add_foreign_key('videos', NULL);
SELECT safe_add_foreign_key('videos', '(number) REFERENCES nowhere');
SELECT safe_add_foreign_key('videos', '(nothing) REFERENCES channels');
SELECT safe_add_foreign_key('videos', '(number) REFERENCES channels (owner)');
\set VERBOSITY sqlstate
SELECT safe_add_foreign_key('videos', '(number) REFERENCES channels (name)');
\echo :LAST_ERROR_MESSAGE
\set VERBOSITY default
CREATE VIEW seen AS SELECT * FROM channels;
SELECT safe_add_foreign_key('videos', '(number) REFERENCES seen');
SELECT count(*) FROM videos;

-- The caller's privileges only.
CREATE ROLE headway_op_owner;
GRANT USAGE ON SCHEMA headway TO headway_op_owner;
GRANT USAGE, CREATE ON SCHEMA public TO headway_op_owner;
GRANT EXECUTE ON FUNCTION safe_add_foreign_key(regclass, text, text) TO headway_op_owner;
SET ROLE headway_op_owner;
CREATE TABLE mine (channel_id int);
SELECT safe_add_foreign_key('mine', '(channel_id) REFERENCES channels');
SELECT safe_add_foreign_key('videos', '(number) REFERENCES channels');
RESET ROLE;

DROP OWNED BY headway_op_owner;
DROP ROLE headway_op_owner;
\set VERBOSITY terse
SET client_min_messages = warning;
DROP SCHEMA "Odd Schema" CASCADE;
DROP TABLE videos, views, channels, notes CASCADE;
DROP EXTENSION pg_headway CASCADE;
