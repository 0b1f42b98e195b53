-- safe_reindex(): REINDEX INDEX CONCURRENTLY, index by index.
CREATE EXTENSION pg_headway;

CREATE TABLE videos (id int PRIMARY KEY, title text, "Owner" text);
INSERT INTO videos SELECT i, repeat('title ', 20) || i, CASE WHEN i > 19000 THEN 'me' END FROM generate_series(1, 20000) i;
CREATE INDEX "By Owner" ON videos ("Owner") WHERE "Owner" IS NOT NULL;
CREATE INDEX by_title ON videos (title);
CREATE TEMPORARY TABLE before AS SELECT c.relname, c.oid FROM pg_index JOIN pg_class c ON c.oid = indexrelid
WHERE indrelid = 'videos'::regclass OR indrelid = (SELECT reltoastrelid FROM pg_class WHERE oid = 'videos'::regclass);
CREATE TEMPORARY VIEW rebuilt AS SELECT CASE WHEN relname LIKE 'pg\_toast%' THEN 'TOAST' ELSE relname END AS index,
  c.oid <> b.oid AS rebuilt, indisvalid FROM before b JOIN pg_class c USING (relname)
  JOIN pg_index ON indexrelid = c.oid ORDER BY 1;

-- One index, then all of a table, its TOAST table's too.
SELECT safe_reindex('by_title');
SELECT * FROM rebuilt;
SET client_min_messages = warning;
SELECT safe_reindex('videos');
RESET client_min_messages;
SELECT * FROM rebuilt;
SELECT count(*) FROM headway.reindex;

-- An INVALID index; rows that it does not fit.
CREATE TABLE plain (id int PRIMARY KEY, n int);
INSERT INTO plain SELECT i, i / 10 FROM generate_series(1, 5000) i;
CREATE UNIQUE INDEX CONCURRENTLY plain_once ON plain (n) WHERE n < 100;
SELECT safe_reindex('plain_once');
DELETE FROM plain WHERE id % 10 <> 0 AND n < 100;
SELECT safe_reindex('plain_once');
SELECT indisvalid FROM pg_index WHERE indexrelid = 'plain_once'::regclass;
DROP INDEX plain_once;

-- A call that was stopped goes on with those that are left.
CREATE FUNCTION same(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN n; END';
CREATE INDEX plain_1 ON plain (n) WHERE n < 10;
CREATE INDEX plain_2 ON plain (same(n)) WHERE n < 400;
CREATE INDEX plain_3 ON plain (n, id, (id + 1), (id + 2));
CREATE OR REPLACE FUNCTION same(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RAISE ''not now''; END';
SELECT 'plain_1'::regclass::oid AS plain_1, 'plain_3'::regclass::oid AS plain_3 \gset
\set VERBOSITY terse
SELECT safe_reindex('plain');
\set VERBOSITY default
SELECT 'plain_1'::regclass::oid <> :plain_1 AS plain_1, 'plain_3'::regclass::oid <> :plain_3 AS plain_3;
SELECT relation::regclass, cardinality(indexes), started_by = current_user AS mine FROM headway.reindex;
SELECT 'plain_1'::regclass::oid AS plain_1 \gset
CREATE OR REPLACE FUNCTION same(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN n; END';
SELECT safe_reindex('plain');
SELECT 'plain_1'::regclass::oid = :plain_1 AS plain_1_left_alone, 'plain_3'::regclass::oid <> :plain_3 AS plain_3;
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'plain'::regclass ORDER BY 1;
SELECT count(*) FROM headway.reindex;
-- Another call is another rebuild.
SELECT safe_reindex('plain');

-- Partitions: those of a table, and of one of its indexes.
CREATE TABLE views (day date, n int) PARTITION BY RANGE (day);
CREATE TABLE views_1 PARTITION OF views FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE views_2 PARTITION OF views FOR VALUES FROM ('2025-02-01') TO ('2025-03-01') PARTITION BY RANGE (n);
CREATE TABLE views_2_1 PARTITION OF views_2 DEFAULT;
CREATE INDEX ON views (n);
ALTER TABLE views ADD UNIQUE (day, n);
INSERT INTO views SELECT '2025-01-01', i FROM generate_series(1, 2000) i;
INSERT INTO views SELECT '2025-02-01', i FROM generate_series(1, 9000) i;
SELECT safe_reindex('views_n_idx');
SELECT safe_reindex('views');
SELECT indexrelid::regclass, indisvalid, inhparent::regclass FROM pg_index LEFT JOIN pg_inherits ON inhrelid = indexrelid
WHERE indrelid IN (SELECT relid FROM pg_partition_tree('views')) ORDER BY indexrelid::regclass::text COLLATE "C";
SELECT count(*) FROM headway.reindex;

-- An exclusion constraint is left out of a table; a materialized view's index.
CREATE TABLE bookings (during int4range, id int, EXCLUDE USING gist (during WITH &&));
CREATE INDEX bookings_id ON bookings (id);
SET client_min_messages = warning;
SELECT safe_reindex('bookings');
RESET client_min_messages;
SELECT safe_reindex('bookings_during_excl');
CREATE TABLE slots (id int, EXCLUDE USING btree (id WITH =));
SELECT safe_reindex('slots');
CREATE INDEX slots_id ON slots (id);
SELECT safe_reindex('slots');
DROP TABLE slots;
ALTER TABLE bookings DROP COLUMN during;
CREATE MATERIALIZED VIEW titles AS SELECT id FROM videos;
CREATE INDEX titles_id ON titles (id);
SELECT safe_reindex('titles_id');
CREATE TABLE without (id int);
SELECT safe_reindex('without');

-- As a statement of a revision.
SELECT migrate_revision('a', NULL, 'Fresh', $$SELECT safe_reindex('plain_1')$$, '');
SELECT migrate_upgrade('head');

-- Refused, with the reason.
SELECT safe_reindex('titles');
SELECT safe_reindex('pg_class');
SELECT safe_reindex('pg_class_oid_index');
SELECT safe_reindex('before');
SELECT safe_reindex(0);
SELECT safe_reindex(NULL);
SELECT safe_reindex('nothing');
BEGIN;
SELECT safe_reindex('plain_1');
ROLLBACK;

-- The caller's privileges only; without those on pg_toast its indexes are left out.
CREATE ROLE headway_op_owner;
GRANT USAGE, CREATE ON SCHEMA public TO headway_op_owner;
GRANT USAGE ON SCHEMA headway TO headway_op_owner;
GRANT EXECUTE ON FUNCTION safe_reindex(regclass) TO headway_op_owner;
SET ROLE headway_op_owner;
CREATE TABLE mine (id int PRIMARY KEY);
\set VERBOSITY sqlstate
SELECT safe_reindex('plain_1');
\set VERBOSITY default
SELECT safe_reindex('mine_pkey');
SELECT safe_reindex('mine');
RESET ROLE;
GRANT SELECT, INSERT, DELETE ON headway.reindex TO headway_op_owner;
SET ROLE headway_op_owner;
SELECT safe_reindex('mine');
RESET ROLE;
DELETE FROM before;
INSERT INTO before SELECT c.relname, c.oid FROM pg_index JOIN pg_class c ON c.oid = indexrelid
WHERE indrelid = 'videos'::regclass OR indrelid = (SELECT reltoastrelid FROM pg_class WHERE oid = 'videos'::regclass);
ALTER TABLE videos OWNER TO headway_op_owner;
SET ROLE headway_op_owner;
SET client_min_messages = warning;
SELECT safe_reindex('videos');
RESET client_min_messages;
RESET ROLE;
SELECT * FROM rebuilt;

DROP TABLE videos, plain, views, bookings, without CASCADE;
DROP FUNCTION same;
DROP OWNED BY headway_op_owner;
DROP ROLE headway_op_owner;
DROP EXTENSION pg_headway CASCADE;
