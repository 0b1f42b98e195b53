-- From PostgreSQL 18 on NOT NULL is a constraint: it has a name, may be NOT VALID while the column is marked, and NO INHERIT.
SELECT current_setting('server_version_num')::int < 180000 AS has_none \gset
\if :has_none
\quit
\endif
CREATE EXTENSION pg_headway;
CREATE VIEW state AS SELECT conrelid::regclass AS relation, conname, convalidated, connoinherit, obj_description(oid, 'pg_constraint') AS comment
FROM pg_constraint WHERE contype = 'n' AND connamespace = 'public'::regnamespace ORDER BY 1, 2;

-- A key that may hold NULL is no key, marked or not.
CREATE TABLE items (id int, n int);
INSERT INTO items SELECT nullif(i, 500), 0 FROM generate_series(1, 1000) AS i;
CREATE UNIQUE INDEX ON items (id);
ALTER TABLE items ADD CONSTRAINT "The Id" NOT NULL id NOT VALID;
SELECT attnotnull FROM pg_attribute WHERE attrelid = 'items'::regclass AND attname = 'id';
SELECT safe_backfill('items', 'n = n + 1', strategy => 'key');
\set VERBOSITY terse
SELECT safe_backfill('items', 'n = 1', 'n = 0');
\set VERBOSITY default
UPDATE items SET n = 0 WHERE id IS NOT NULL;
-- What is NOT VALID is validated.
SELECT safe_set_not_null('items', 'id');
\set VERBOSITY terse
SELECT safe_set_not_null('items', 'id', '500');
SELECT * FROM state;
SELECT safe_set_not_null('items', 'id');
SELECT safe_backfill('items', 'n = n + 1', strategy => 'key');
SELECT min(n), max(n) FROM items;

-- A helper CHECK from before an upgrade of the server is used, and goes.
ALTER TABLE items ADD COLUMN a int DEFAULT 1, ADD COLUMN b int DEFAULT 1;
ALTER TABLE items ADD CONSTRAINT headway_a_not_null CHECK (a IS NOT NULL) NOT VALID;
SELECT safe_set_not_null('items', 'a');
SELECT conname FROM pg_constraint WHERE conrelid = 'items'::regclass AND contype = 'c';

-- Name, comment and kind go over to a column of another type.
ALTER TABLE items ADD PRIMARY KEY (id), ADD CONSTRAINT "B is given" NOT NULL b NO INHERIT;
COMMENT ON CONSTRAINT "The Id" ON items IS 'what it is known by';
SELECT * FROM state;
SET client_min_messages = warning;
SELECT safe_change_column_type('items', 'id', 'bigint', drop_old => true);
SELECT safe_change_column_type('items', 'b', 'bigint', drop_old => true);
ALTER TABLE items ADD COLUMN c int;
ALTER TABLE items ADD CONSTRAINT c_later NOT NULL c NOT VALID;
SELECT safe_change_column_type('items', 'c', 'bigint', drop_old => true);
RESET client_min_messages;
SELECT * FROM state;
\d items
INSERT INTO items (id, n, c) VALUES (2000, 0, NULL);

-- Partitions, with NOT NULL of their own or not; children.
CREATE TABLE views (day date, n int) PARTITION BY RANGE (day);
CREATE TABLE views_1 PARTITION OF views FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE views_2 PARTITION OF views FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
ALTER TABLE views_2 ADD CONSTRAINT mine NOT NULL n NOT VALID;
INSERT INTO views VALUES ('2025-01-01', 1), ('2025-02-01', 2), ('2025-01-02', NULL);
\set VERBOSITY default
SELECT safe_set_not_null('views', 'n');
\set VERBOSITY terse
SELECT * FROM state WHERE relation::text LIKE 'views%';
SELECT safe_set_not_null('views', 'n', '0');
SELECT * FROM state WHERE relation::text LIKE 'views%';
CREATE TABLE parent (n int);
CREATE TABLE child (more int) INHERITS (parent);
INSERT INTO child VALUES (1, 1);
SELECT safe_set_not_null('parent', 'n');
SELECT * FROM state WHERE relation IN ('parent'::regclass, 'child'::regclass);

DROP VIEW state;
DROP TABLE items, views, parent, child;
DROP EXTENSION pg_headway;
