-- safe_drop_index(): DROP INDEX CONCURRENTLY, or what to do instead.
CREATE EXTENSION pg_headway;

CREATE TABLE videos (id int PRIMARY KEY, title text);
CREATE INDEX videos_title ON videos (title);
CREATE UNIQUE INDEX "Odd Name" ON videos (title, id);
SELECT safe_drop_index('videos_title');
SELECT safe_drop_index('videos_title');
SELECT safe_drop_index('"Odd Name"');
SELECT safe_drop_index('public."Odd Name"');
SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'videos'::regclass;

-- The search_path of the caller; another one of the same name behind it is left alone.
CREATE SCHEMA other;
CREATE TABLE other.videos (id int);
CREATE INDEX by_id ON other.videos (id);
CREATE INDEX by_id ON videos (id);
SELECT safe_drop_index('by_id');
SELECT safe_drop_index('by_id');
SET search_path = nothing, other, public;
SELECT public.safe_drop_index('by_id');
RESET search_path;
SELECT count(*) FROM pg_class WHERE relname = 'by_id';

-- An INVALID one, and one of a materialized view.
INSERT INTO videos VALUES (1, 'a'), (2, 'a');
CREATE UNIQUE INDEX CONCURRENTLY once ON videos (title);
SELECT indisvalid FROM pg_index WHERE indexrelid = 'once'::regclass;
SELECT safe_drop_index('once');
CREATE MATERIALIZED VIEW titles AS SELECT title FROM videos;
CREATE INDEX titles_title ON titles (title);
SELECT safe_drop_index('titles_title');

-- Of a partitioned table: all of it.
CREATE TABLE views (day date, n int) PARTITION BY RANGE (day);
CREATE TABLE views_1 PARTITION OF views FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE views_2 PARTITION OF views FOR VALUES FROM ('2025-02-01') TO ('2025-03-01') PARTITION BY RANGE (n);
CREATE TABLE views_2_1 PARTITION OF views_2 DEFAULT;
CREATE INDEX views_n ON views (n);
SELECT safe_drop_index('views_2_1_n_idx');
SELECT safe_drop_index('views_n');
SELECT safe_drop_index('views_n');
SELECT count(*) FROM pg_index WHERE indrelid IN (SELECT relid FROM pg_partition_tree('views'));

-- As a statement of a revision.
SELECT migrate_revision('a', NULL, 'An index', $$SELECT safe_create_index('videos', '(title)')$$,
  $$SELECT safe_drop_index('videos_title_idx')$$);
SELECT migrate_upgrade('head');
SELECT migrate_downgrade('base');
SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'videos'::regclass;

-- Refused, with the reason.
SELECT safe_drop_index('videos_pkey');
ALTER TABLE views ADD UNIQUE (day, n);
SELECT safe_drop_index('views_1_day_n_key');
SELECT safe_drop_index('views_day_n_key');
SELECT safe_drop_index('videos');
SELECT safe_drop_index('pg_catalog.pg_class_oid_index');
CREATE UNIQUE INDEX referenced ON videos (id, title);
CREATE TABLE comments (video int, title text, FOREIGN KEY (video, title) REFERENCES videos (id, title));
SELECT safe_drop_index('referenced');
SELECT safe_drop_index('nothing.at_all');
SELECT safe_drop_index('a.b.c');
SELECT safe_drop_index('a b');
SELECT safe_drop_index('');
SELECT safe_drop_index(NULL);
SELECT safe_drop_index('videos_title; DROP TABLE videos');
BEGIN;
SELECT safe_drop_index('referenced');
ROLLBACK;

-- The caller's privileges only.
CREATE ROLE headway_op_reader;
GRANT USAGE ON SCHEMA headway, public TO headway_op_reader;
GRANT EXECUTE ON FUNCTION safe_drop_index(text) TO headway_op_reader;
CREATE INDEX kept ON videos (title);
SET ROLE headway_op_reader;
SELECT safe_drop_index('kept');
RESET ROLE;
SELECT 'kept'::regclass;
DROP OWNED BY headway_op_reader;
DROP ROLE headway_op_reader;

DROP TABLE comments, videos, views CASCADE;
DROP SCHEMA other CASCADE;
DROP EXTENSION pg_headway CASCADE;
