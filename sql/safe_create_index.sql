-- safe_create_index(): CREATE INDEX CONCURRENTLY, partition by partition where there are some.
CREATE EXTENSION pg_headway;

CREATE TABLE videos (id int PRIMARY KEY, youtube_id text, title text, tags text[], "Owner" int, published boolean);
INSERT INTO videos SELECT i, 'y' || i, 'title ' || i, ARRAY['a', 'b' || i % 7], i % 10, i % 2 = 0
FROM generate_series(1, 1000) i;

-- The names are the server's own.
SELECT safe_create_index('videos', '(youtube_id)');
SELECT safe_create_index('videos', '(youtube_id)');
SELECT safe_create_index('videos', 'USING gin (tags)');
SELECT safe_create_index('videos', '(lower(title), (id + 1), (id + 2)) INCLUDE (id) WHERE published');
SELECT safe_create_index('videos', '("Owner" DESC NULLS LAST, title COLLATE "C") WITH (fillfactor = 70) -- a comment');
SELECT safe_create_index('videos', '(youtube_id, id)', "unique" => true);
SELECT safe_create_index('videos', '(title text_pattern_ops)', name => 'By Title');
SELECT indexdef, indisvalid FROM pg_indexes JOIN pg_index ON indexrelid = quote_ident(indexname)::regclass
WHERE tablename = 'videos' ORDER BY indexname COLLATE "C";

-- A name that is too long is cut as the server cuts it.
CREATE TABLE a_table_with_a_name_that_is_rather_long (a_column_with_a_long_name_of_its_own int, b int);
SELECT safe_create_index('a_table_with_a_name_that_is_rather_long', '(a_column_with_a_long_name_of_its_own, b)');
CREATE INDEX ON a_table_with_a_name_that_is_rather_long (a_column_with_a_long_name_of_its_own, b);
SELECT indexname FROM pg_indexes WHERE tablename LIKE 'a\_table%' ORDER BY 1;

-- What counts is what it means, not how it is written; another one needs another name.
SELECT safe_create_index('videos', 'using BTREE ( youtube_id asc )');
SELECT safe_create_index('videos', '(youtube_id) WHERE published');
SELECT safe_create_index('videos', '(youtube_id)', true);
SELECT safe_create_index('videos', '(title)', name => 'videos_pkey');
SELECT safe_create_index('videos', '(title)', name => 'videos');
SELECT safe_create_index('videos', '(youtube_id) WHERE published', name => 'videos_published');

-- Duplicates: the INVALID index goes with the next call, which goes on.
UPDATE videos SET youtube_id = 'y1' WHERE id = 7;
SELECT safe_create_index('videos', '(youtube_id)', true, 'videos_once');
SELECT indisvalid FROM pg_index WHERE indexrelid = 'videos_once'::regclass;
SELECT youtube_id, count(*) FROM public.videos GROUP BY youtube_id HAVING count(*) > 1;
SELECT safe_create_index('videos', '(lower(youtube_id))', true);
UPDATE videos SET youtube_id = 'y7' WHERE id = 7;
SELECT safe_create_index('videos', '(youtube_id)', true, 'videos_once');
SELECT indisvalid, indisunique FROM pg_index WHERE indexrelid = 'videos_once'::regclass;
INSERT INTO videos VALUES (2000, 'y7');

-- Partitions: one by one, those of partitions too; what a partition has already is used.
CREATE TABLE views (day date, country text, n int) PARTITION BY RANGE (day);
CREATE TABLE views_1 PARTITION OF views FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE views_2 (n int, gone int, country text, day date);
ALTER TABLE views_2 DROP COLUMN gone;
ALTER TABLE views ATTACH PARTITION views_2 FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
CREATE TABLE "Views 3" PARTITION OF views FOR VALUES FROM ('2025-03-01') TO ('2025-04-01') PARTITION BY LIST (country);
CREATE TABLE views_3_de PARTITION OF "Views 3" FOR VALUES IN ('de');
CREATE TABLE views_3_other PARTITION OF "Views 3" DEFAULT;
INSERT INTO views SELECT date '2025-01-01' + i, CASE WHEN i % 3 = 0 THEN 'de' ELSE 'it' END, i
FROM generate_series(0, 80) i;
CREATE INDEX by_hand ON views_2 (n);
CREATE INDEX views_1_n_idx ON views_1 (n DESC);
SELECT 'by_hand'::regclass::oid AS by_hand \gset
SELECT safe_create_index('views', '(n)');
SELECT safe_create_index('views', '(n)');
SELECT i.indexrelid::regclass, i.indrelid::regclass, h.inhparent::regclass, i.indisvalid FROM pg_index i
LEFT JOIN pg_inherits h ON h.inhrelid = i.indexrelid
WHERE i.indrelid IN (SELECT relid FROM pg_partition_tree('views')) ORDER BY 2, 1;
SELECT 'by_hand'::regclass::oid = :by_hand AS used_as_it_was;

-- With another condition it is another index, and the partitions' names get a number.
SELECT safe_create_index('views', '(n) WHERE n > 0', name => 'views_positive');
SELECT safe_create_index('views', '(day, country, n)', true);
SELECT count(*), bool_and(indisvalid) FROM pg_index WHERE indrelid IN (SELECT relid FROM pg_partition_tree('views'));
CREATE TABLE views_4 PARTITION OF views FOR VALUES FROM ('2025-04-01') TO ('2025-05-01');
SELECT count(*) FROM pg_indexes WHERE tablename = 'views_4';
SELECT safe_create_index('views', '(n) WHERE n > 0', name => 'views_positive');

-- Duplicates in a partition, then the rest: what is built stays.
CREATE TABLE visits (day date, n int) PARTITION BY RANGE (day);
CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE visits_2 PARTITION OF visits FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
INSERT INTO visits VALUES ('2025-01-01', 1), ('2025-02-01', 2), ('2025-02-01', 2);
SELECT safe_create_index('visits', '(day, n)', true);
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid::regclass::text LIKE 'visits%' ORDER BY 1;
SELECT 'visits_1_day_n_idx'::regclass::oid AS built \gset
DELETE FROM visits WHERE ctid IN (SELECT max(ctid) FROM visits WHERE n = 2);
SELECT safe_create_index('visits', '(day, n)', true);
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid::regclass::text LIKE 'visits%' ORDER BY 1;
SELECT 'visits_1_day_n_idx'::regclass::oid = :built AS kept;

-- Half of it done by hand, the rest with nothing left to attach.
CREATE INDEX by_n ON ONLY visits (n);
CREATE INDEX by_n_1 ON visits_1 (n);
ALTER INDEX by_n ATTACH PARTITION by_n_1;
DROP TABLE visits_2;
SELECT indisvalid FROM pg_index WHERE indexrelid = 'by_n'::regclass;
-- (Releases before 2025 leave it INVALID; then it says so.)
SELECT current_setting('server_version_num')::int BETWEEN 160000 AND 160004 AS leaves_it_invalid \gset
SET client_min_messages = warning;
\if :leaves_it_invalid
UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'by_n'::regclass;
\else
SELECT safe_create_index('visits', '(n)', name => 'by_n') AS phases \gset
\endif
RESET client_min_messages;
SELECT indisvalid FROM pg_index WHERE indexrelid = 'by_n'::regclass;

-- No partitions at all; none any more.
CREATE TABLE nothing (n int) PARTITION BY RANGE (n);
SELECT safe_create_index('nothing', '(n)');
CREATE TABLE nothing_1 PARTITION OF nothing DEFAULT;
CREATE INDEX nothing_n_idx1 ON ONLY nothing ((n + 1));
DROP TABLE nothing_1;
SELECT safe_create_index('nothing', '((n + 1))', name => 'nothing_n_idx1');
SELECT safe_drop_index('nothing_n_idx1');
SELECT safe_create_index('nothing', '((n + 1))', name => 'nothing_n_idx1');
SELECT indisvalid FROM pg_index WHERE indexrelid = 'nothing_n_idx1'::regclass;

-- Long names of partitions that are cut to the same.
CREATE TABLE readings (at date, n int) PARTITION BY RANGE (at);
CREATE TABLE readings_of_the_meters_in_the_basement_of_the_building_2025_01 PARTITION OF readings
  FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE readings_of_the_meters_in_the_basement_of_the_building_2025_02 PARTITION OF readings
  FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
SELECT safe_create_index('readings', '(at, n)');
SELECT indexrelid::regclass, indrelid::regclass, indisvalid FROM pg_index
WHERE indrelid IN (SELECT relid FROM pg_partition_tree('readings')) ORDER BY 2;

-- As a statement of a revision.
SELECT migrate_revision('a', NULL, 'An index', $$SELECT safe_create_index('videos', '(published)')$$,
  $$DROP INDEX CONCURRENTLY videos_published_idx$$);
SELECT migrate_upgrade('head');
SELECT migrate_downgrade('base');

-- Refused, with the reason.
SELECT safe_create_index('videos', 'title');
SELECT safe_create_index('videos', '');
SELECT safe_create_index('videos', '(title); DROP TABLE videos');
SELECT safe_create_index('videos', '(title), DROP COLUMN title');
SELECT safe_create_index('videos', '.videos (title)');
SELECT safe_create_index('videos', '(title) /*');
\set VERBOSITY sqlstate
SELECT safe_create_index('videos', '(nothing)');
\echo :LAST_ERROR_MESSAGE
\set VERBOSITY default
SELECT safe_create_index('videos', '(title) WHERE (SELECT true)');
SELECT safe_create_index('videos', NULL);
SELECT safe_create_index('videos', '(title)', name => '');
SELECT safe_create_index(NULL, '(title)');
SELECT safe_create_index('pg_class', '(relname)');
SELECT safe_create_index('videos_pkey', '(id)');
SELECT safe_create_index('views', '(n)', true, 'views_n_once');
SELECT safe_create_index('views', '(day, n)', true, 'views_day_once');
CREATE TABLE by_expression (n int) PARTITION BY RANGE ((n + 1));
SELECT safe_create_index('by_expression', '(n)', true);
BEGIN;
SELECT safe_create_index('videos', '(title)');
ROLLBACK;
CREATE FOREIGN DATA WRAPPER headway_nothing;
CREATE SERVER headway_nowhere FOREIGN DATA WRAPPER headway_nothing;
CREATE FOREIGN TABLE readings_far PARTITION OF readings FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')
  SERVER headway_nowhere;
SELECT safe_create_index('readings', '(n)');

-- The caller's privileges only.
CREATE ROLE headway_op_reader;
GRANT USAGE ON SCHEMA headway, public TO headway_op_reader;
GRANT SELECT ON videos TO headway_op_reader;
GRANT EXECUTE ON FUNCTION safe_create_index(regclass, text, boolean, text) TO headway_op_reader;
SET ROLE headway_op_reader;
SELECT safe_create_index('videos', '(title)');
RESET ROLE;
SELECT count(*) FROM pg_indexes WHERE indexname = 'videos_title_idx';
DROP OWNED BY headway_op_reader;
DROP ROLE headway_op_reader;

-- a materialized view: REFRESH CONCURRENTLY wants a unique one
CREATE TABLE base_of_view AS SELECT i AS id FROM generate_series(1, 10) AS i;
CREATE MATERIALIZED VIEW shown AS SELECT id FROM base_of_view;
SELECT safe_create_index('shown', '(id)', "unique" => true, name => 'shown_id');
SELECT safe_create_index('shown', '(id)', "unique" => true, name => 'shown_id');
REFRESH MATERIALIZED VIEW CONCURRENTLY shown;
SELECT safe_reindex('shown');
SELECT safe_drop_index('shown_id');
CREATE VIEW plain_view AS SELECT 1 AS id;
SELECT safe_create_index('plain_view', '(id)');
DROP MATERIALIZED VIEW shown; DROP VIEW plain_view; DROP TABLE base_of_view;

DROP TABLE videos, views, visits, nothing, readings, by_expression, a_table_with_a_name_that_is_rather_long CASCADE;
DROP FOREIGN DATA WRAPPER headway_nothing CASCADE;
DROP EXTENSION pg_headway CASCADE;
