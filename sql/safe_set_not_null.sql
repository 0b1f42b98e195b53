-- safe_set_not_null(): NOT NULL by way of a validated CHECK, with or without filling.
CREATE EXTENSION pg_headway;

CREATE TABLE videos (id int PRIMARY KEY, title text, "Views" int);
INSERT INTO videos SELECT i, CASE WHEN i % 100 <> 0 THEN 'title ' || i END, i FROM generate_series(1, 1000) i;

-- A NULL is in the way: what is done stays, new rows are checked at once, and the same call goes on.
SELECT safe_set_not_null('videos', 'title');
INSERT INTO videos VALUES (2000, NULL, 1);
SELECT conname, convalidated FROM pg_constraint WHERE conrelid = 'videos'::regclass AND contype = 'c';
UPDATE videos SET title = 'untitled' WHERE title IS NULL;
SELECT safe_set_not_null('videos', 'title');
SELECT safe_set_not_null('videos', 'title');
SELECT attnotnull FROM pg_attribute WHERE attrelid = 'videos'::regclass AND attname = 'title';
SELECT conname FROM pg_constraint WHERE conrelid = 'videos'::regclass AND contype = 'c';

-- With an expression for the rows that hold a NULL; names are as they are in the catalogs.
UPDATE videos SET "Views" = NULL WHERE id <= 10;
SET client_min_messages = warning;
SELECT safe_set_not_null('videos', 'Views', 'id + 1');
SELECT count(*), sum("Views") FROM videos WHERE id <= 10;
RESET client_min_messages;
\d videos

-- Another constraint that says the same is used, and left where it was.
ALTER TABLE videos ADD COLUMN kind text DEFAULT 'short', ADD CONSTRAINT kind_given CHECK (kind IS NOT NULL);
SELECT safe_set_not_null('videos', 'kind');
SELECT conname, convalidated FROM pg_constraint WHERE conrelid = 'videos'::regclass AND contype = 'c';

-- The name of the helper is taken by something else.
ALTER TABLE videos ADD COLUMN length int DEFAULT 1, ADD CONSTRAINT headway_length_not_null CHECK (length > 0);
SELECT safe_set_not_null('videos', 'length');
ALTER TABLE videos DROP CONSTRAINT headway_length_not_null;

-- Partitions are validated one by one.
CREATE TABLE views (day date, n int) PARTITION BY RANGE (day);
CREATE TABLE views_1 PARTITION OF views FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE views_2 PARTITION OF views FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
INSERT INTO views VALUES ('2025-01-01', 1), ('2025-02-01', 2);
SELECT safe_set_not_null('views', 'n');
SELECT attrelid::regclass, attnotnull FROM pg_attribute WHERE attname = 'n' AND attrelid::regclass::text LIKE 'views%'
ORDER BY 1;

-- As a statement of a revision.
SELECT migrate_revision('a', NULL, 'Lengths', $$
  ALTER TABLE videos ADD COLUMN seconds int;
  SELECT safe_set_not_null('videos', 'seconds', '60 * length');
$$, $$ALTER TABLE videos DROP COLUMN seconds$$);
SET client_min_messages = warning;
SELECT migrate_upgrade('head');
RESET client_min_messages;
SELECT attnotnull FROM pg_attribute WHERE attrelid = 'videos'::regclass AND attname = 'seconds';

-- Refused, with the reason.
BEGIN;
SELECT safe_set_not_null('videos', 'length');
ROLLBACK;
SELECT safe_set_not_null('videos', 'nothing');
SELECT safe_set_not_null('videos', NULL);
SELECT safe_set_not_null(NULL, 'length');
SELECT safe_set_not_null('videos', 'length', '1, title = ''x''');
SELECT safe_set_not_null('videos', 'length', '1); DROP TABLE videos; SELECT (1');
SELECT safe_set_not_null('pg_class', 'relacl');
CREATE VIEW longer AS SELECT * FROM videos;
SELECT safe_set_not_null('longer', 'length');
CREATE TEMPORARY TABLE mine (n int);
SELECT safe_set_not_null('mine', 'n');

-- The caller's privileges only.
CREATE ROLE headway_op_reader;
GRANT USAGE ON SCHEMA headway, public TO headway_op_reader;
ALTER TABLE videos ADD COLUMN owned int DEFAULT 1;
GRANT EXECUTE ON FUNCTION safe_set_not_null(regclass, text, text) TO headway_op_reader;
SET ROLE headway_op_reader;
SELECT safe_set_not_null('videos', 'owned');
RESET ROLE;
SELECT attnotnull FROM pg_attribute WHERE attrelid = 'videos'::regclass AND attname = 'owned';

DROP OWNED BY headway_op_reader;
DROP ROLE headway_op_reader;

DROP TABLE videos, views CASCADE;
DROP EXTENSION pg_headway CASCADE;
