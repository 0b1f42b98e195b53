-- safe_add_primary_key(): columns made NOT NULL, a unique index built concurrently, which becomes the key.
CREATE EXTENSION pg_headway;

CREATE TABLE videos (id int, "Site" text, title text);
INSERT INTO videos SELECT i, 'here', 'title ' || i FROM generate_series(1, 1000) i;

SELECT safe_add_primary_key('videos', '(id, "Site") INCLUDE (title)');
SELECT safe_add_primary_key('videos', '(id, "Site") INCLUDE (title)');
\d videos
SELECT conname FROM pg_constraint WHERE conrelid = 'videos'::regclass AND contype <> 'n';

-- There can be but one; the same under another name is the one that is meant, unless a name is given.
SELECT safe_add_primary_key('videos', '(id)');
SELECT safe_add_primary_key('videos', '(id, "Site") INCLUDE (title)', 'another');
ALTER TABLE videos RENAME CONSTRAINT videos_pkey TO "The Key";
SELECT safe_add_primary_key('videos', '(id, "Site") INCLUDE (title)');
ALTER TABLE videos DROP CONSTRAINT "The Key";

-- The columns are NOT NULL already; then rows are in the way: a NULL, then a duplicate.
SELECT safe_add_primary_key('videos', '(id, "Site") DEFERRABLE', 'Deferred');
ALTER TABLE videos DROP CONSTRAINT "Deferred", ALTER id DROP NOT NULL;
INSERT INTO videos VALUES (NULL, 'here'), (7, 'there');
SELECT safe_add_primary_key('videos', '(id)');
DELETE FROM videos WHERE id IS NULL;
SELECT safe_add_primary_key('videos', '(id)');
SELECT id, count(*) FROM public.videos GROUP BY id HAVING count(*) > 1;
DELETE FROM videos WHERE "Site" = 'there';
SELECT safe_add_primary_key('videos', '(id)');
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'videos'::regclass AND contype <> 'n';

-- Partitions: one by one, those of partitions too; what a partition has already is used.
CREATE TABLE views (day date, country text, n int) PARTITION BY RANGE (day);
CREATE TABLE views_1 PARTITION OF views FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE views_2 PARTITION OF views FOR VALUES FROM ('2025-02-01') TO ('2025-03-01') PARTITION BY LIST (country);
CREATE TABLE views_2_de PARTITION OF views_2 FOR VALUES IN ('de');
CREATE TABLE views_2_other PARTITION OF views_2 DEFAULT;
INSERT INTO views SELECT date '2025-01-01' + i, CASE WHEN i % 3 = 0 THEN 'de' ELSE 'it' END, i
FROM generate_series(0, 50) i;
ALTER TABLE views_1 ADD CONSTRAINT by_hand PRIMARY KEY (n);
SELECT safe_add_primary_key('views', '(day, country, n)');
ALTER TABLE views_1 DROP CONSTRAINT by_hand, ADD CONSTRAINT by_hand PRIMARY KEY (day, country, n);
SELECT 'by_hand'::regclass::oid AS by_hand \gset
SELECT safe_add_primary_key('views', '(day, country, n)');
SELECT safe_add_primary_key('views', '(day, country, n)');
SELECT conrelid::regclass, conname, conparentid <> 0 AS attached, indisvalid, indisprimary FROM pg_constraint
JOIN pg_index ON indexrelid = conindid WHERE conrelid IN (SELECT relid FROM pg_partition_tree('views')) ORDER BY 1;
SELECT 'by_hand'::regclass::oid = :by_hand AS used_as_it_was;
SELECT attrelid::regclass, count(*) FROM pg_attribute WHERE attnotnull AND attnum > 0
AND attrelid IN (SELECT relid FROM pg_partition_tree('views')) GROUP BY 1 ORDER BY 1;
CREATE TABLE views_3 PARTITION OF views FOR VALUES FROM ('2025-03-01') TO ('2025-04-01');
SELECT conname FROM pg_constraint WHERE conrelid = 'views_3'::regclass AND contype <> 'n';
SELECT safe_add_primary_key('views', '(day, country, n)');

-- A table that others inherit from: their keys are their own.
CREATE TABLE parent (id int);
CREATE TABLE child (n int PRIMARY KEY) INHERITS (parent);
SELECT safe_add_primary_key('parent', '(id)');
SELECT conrelid::regclass, conname FROM pg_constraint WHERE contype <> 'n' AND conrelid IN ('parent'::regclass, 'child'::regclass)
ORDER BY conname DESC;

-- As a statement of a revision.
CREATE TABLE comments (id int);
SELECT migrate_revision('a', NULL, 'Keys', $$SELECT safe_add_primary_key('comments', '(id)')$$,
  $$ALTER TABLE comments DROP CONSTRAINT comments_pkey$$);
SET client_min_messages = warning;
SELECT migrate_upgrade('head');
RESET client_min_messages;
SELECT conname FROM pg_constraint WHERE conrelid = 'comments'::regclass AND contype <> 'n';
SELECT migrate_downgrade('base');

-- Refused, with the reason.
SELECT safe_add_primary_key('comments', 'id');
SELECT safe_add_primary_key('comments', 'NULLS NOT DISTINCT (id)');
SELECT safe_add_primary_key('comments', '(id), DROP COLUMN id');
SELECT safe_add_primary_key('comments', 'USING INDEX x');
SELECT safe_add_primary_key('comments', '(id, id)');
SELECT safe_add_primary_key('comments', '(nothing)');
SELECT safe_add_primary_key('comments', NULL);
CREATE TABLE visits (day date, n int) PARTITION BY RANGE (day);
SELECT safe_add_primary_key('visits', '(n)');
SELECT attname FROM pg_attribute WHERE attrelid = 'visits'::regclass AND attnotnull AND attnum > 0;
CREATE INDEX comments_pkey ON comments (id);
SELECT safe_add_primary_key('comments', '(id)');
BEGIN;
SELECT safe_add_primary_key('comments', '(id)');
ROLLBACK;

DROP TABLE videos, views, parent, comments, visits CASCADE;
DROP EXTENSION pg_headway CASCADE;
