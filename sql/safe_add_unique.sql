-- safe_add_unique(): a unique index built concurrently becomes the constraint.
CREATE EXTENSION pg_headway;

CREATE TABLE videos (id int PRIMARY KEY, youtube_id text, title text, "Owner" int);
INSERT INTO videos SELECT i, 'y' || i, 'title ' || i, i FROM generate_series(1, 1000) i;

SELECT safe_add_unique('videos', '(youtube_id)');
SELECT safe_add_unique('videos', '(youtube_id)');
SELECT safe_add_unique('videos', '(title, id) INCLUDE ("Owner") WITH (fillfactor = 70) DEFERRABLE INITIALLY DEFERRED');
SELECT safe_add_unique('videos', '(title, id) INCLUDE ("Owner") WITH (fillfactor = 70) DEFERRABLE INITIALLY DEFERRED');
SELECT safe_add_unique('videos', 'NULLS NOT DISTINCT ("Owner")', name => 'One Owner');
SELECT safe_add_unique('videos', ' nulls not distinct("Owner") -- again', name => 'One Owner');
SELECT safe_add_unique('videos', '(youtube_id, title) DEFERRABLE', name => 'later');
SELECT conname, pg_get_constraintdef(oid), condeferrable, condeferred FROM pg_constraint
WHERE conrelid = 'videos'::regclass AND contype = 'u' ORDER BY conname COLLATE "C";
SELECT indexrelid::regclass, reloptions, indisvalid FROM pg_index JOIN pg_class c ON c.oid = indexrelid
WHERE indrelid = 'videos'::regclass ORDER BY c.relname COLLATE "C";

-- The name is the server's own.
CREATE TABLE plain (a int, b int, UNIQUE (a) INCLUDE (b));
SELECT conname FROM pg_constraint WHERE conrelid = 'plain'::regclass;
ALTER TABLE plain DROP CONSTRAINT plain_a_b_key;
SELECT safe_add_unique('plain', '(a) INCLUDE (b)');

-- An index that is there under the name is taken over; another one needs another name.
CREATE UNIQUE INDEX plain_b_key ON plain (b);
SELECT 'plain_b_key'::regclass::oid AS built \gset
SELECT safe_add_unique('plain', '(b)');
SELECT 'plain_b_key'::regclass::oid = :built AS kept;
SELECT safe_add_unique('plain', '(a, b)', 'plain_b_key');
SELECT safe_add_unique('plain', '(b) DEFERRABLE');
CREATE INDEX plain_a_key ON plain (a);
SELECT safe_add_unique('plain', '(a)');

-- Duplicates: found by the hint, corrected, and the same call goes on.
ALTER TABLE plain DROP CONSTRAINT plain_a_b_key;
INSERT INTO plain VALUES (1, 1), (1, 2), (2, 3);
SELECT safe_add_unique('plain', '(a)', 'once');
SELECT a, count(*) FROM public.plain GROUP BY a HAVING count(*) > 1;
UPDATE plain SET a = 3 WHERE b = 1;
SELECT safe_add_unique('plain', '(a)', 'once');
INSERT INTO plain VALUES (3, 9);

-- Partitions: one by one, and those of partitions; a constraint that a partition has already is used.
CREATE TABLE views (day date, country text, n int) PARTITION BY RANGE (day);
CREATE TABLE views_1 PARTITION OF views FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE views_2 PARTITION OF views FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
CREATE TABLE views_3 PARTITION OF views FOR VALUES FROM ('2025-03-01') TO ('2025-04-01') PARTITION BY LIST (country);
CREATE TABLE views_3_de PARTITION OF views_3 FOR VALUES IN ('de');
CREATE TABLE views_3_other PARTITION OF views_3 DEFAULT;
INSERT INTO views SELECT date '2025-01-01' + i, CASE WHEN i % 3 = 0 THEN 'de' ELSE 'it' END, i
FROM generate_series(0, 80) i;
ALTER TABLE views_1 ADD CONSTRAINT by_hand UNIQUE (day, country, n);
CREATE UNIQUE INDEX just_an_index ON views_2 (day, country, n);
INSERT INTO views VALUES ('2025-03-01', 'de', 1000), ('2025-03-01', 'de', 1000);
SELECT 'by_hand'::regclass::oid AS by_hand \gset
SELECT safe_add_unique('views', '(day, country, n)');
SELECT indexrelid::regclass, indrelid::regclass, indisvalid FROM pg_index
WHERE indrelid IN (SELECT relid FROM pg_partition_tree('views')) ORDER BY 2, 1;
DELETE FROM views WHERE n = 1000;
INSERT INTO views VALUES ('2025-03-01', 'de', 1000);
SELECT safe_add_unique('views', '(day, country, n)');
SELECT safe_add_unique('views', '(day, country, n)');
SELECT conrelid::regclass, conname, conparentid <> 0 AS attached, indisvalid FROM pg_constraint
JOIN pg_index ON indexrelid = conindid WHERE conrelid IN (SELECT relid FROM pg_partition_tree('views')) ORDER BY 1;
SELECT 'by_hand'::regclass::oid = :by_hand AS used_as_it_was;
INSERT INTO views SELECT * FROM views WHERE n = 1000;
SELECT safe_add_unique('views', '(day, n, country) DEFERRABLE INITIALLY DEFERRED', 'Later');
SELECT count(*), bool_and(condeferred), bool_and(indisvalid) FROM pg_constraint JOIN pg_index ON indexrelid = conindid
WHERE conrelid IN (SELECT relid FROM pg_partition_tree('views')) AND condeferrable;
CREATE TABLE views_4 PARTITION OF views FOR VALUES FROM ('2025-04-01') TO ('2025-05-01');
SELECT conname FROM pg_constraint WHERE conrelid = 'views_4'::regclass ORDER BY 1;

-- As a statement of a revision.
SELECT migrate_revision('a', NULL, 'Titles', $$SELECT safe_add_unique('videos', '(title)')$$,
  $$ALTER TABLE videos DROP CONSTRAINT videos_title_key$$);
SELECT migrate_upgrade('head');
SELECT migrate_downgrade('base');

-- Refused, with the reason.
SELECT safe_add_unique('views', '(n)');
SELECT safe_add_unique('views', '(day, n)');
SELECT safe_add_unique('videos', 'title');
SELECT safe_add_unique('videos', '(lower(title))');
SELECT safe_add_unique('videos', '(title) WHERE id > 1');
SELECT safe_add_unique('videos', '(title), DROP COLUMN title');
SELECT safe_add_unique('videos', '(title); DROP TABLE videos');
SELECT safe_add_unique('videos', 'USING INDEX later');
\set VERBOSITY sqlstate
SELECT safe_add_unique('videos', '(title) NOT VALID');
\echo :LAST_ERROR_MESSAGE
\set VERBOSITY default
SELECT safe_add_unique('videos', '(nothing)');
SELECT safe_add_unique('videos', '(title) INCLUDE (nothing)');
SELECT safe_add_unique('videos', '(title, title)');
SELECT safe_add_unique('videos', NULL);
SELECT safe_add_unique('videos', '(title)', '');
SELECT safe_add_unique('videos', '(title)', 'videos_pkey');
BEGIN;
SELECT safe_add_unique('videos', '(title)');
ROLLBACK;
SELECT conname FROM pg_constraint WHERE conrelid = 'videos'::regclass AND contype <> 'n' ORDER BY conname COLLATE "C";

DROP TABLE videos, plain, views CASCADE;
DROP EXTENSION pg_headway CASCADE;
