-- What came to SQL with a version of the server is registered, run and taken back on those that have it. The output is the
-- same on all of them: how many there are is counted, not shown.
CREATE EXTENSION pg_headway;
CREATE TABLE t (id int PRIMARY KEY, n int, span daterange);
INSERT INTO t SELECT i, i FROM generate_series(1, 10) AS i;
CREATE ROLE regress_newer_a;
CREATE ROLE regress_newer_b;

CREATE TABLE newer AS SELECT row_number() OVER () AS i, since, alone, up, down
FROM (VALUES
  (15, false, 'MERGE INTO t USING (VALUES (11)) AS s (id) ON s.id = t.id WHEN NOT MATCHED THEN INSERT VALUES (s.id, 0)', 'DELETE FROM t WHERE id = 11'),
  (15, false, 'CREATE TABLE u15 (id int, UNIQUE NULLS NOT DISTINCT (id))', 'DROP TABLE u15'),
  (16, false, 'GRANT regress_newer_a TO regress_newer_b WITH INHERIT TRUE, SET FALSE', 'REVOKE regress_newer_a FROM regress_newer_b'),
  (16, false, 'CREATE TABLE u16 (id int, at timestamptz STORAGE PLAIN)', 'DROP TABLE u16'),
  (17, false, 'MERGE INTO t USING (VALUES (1)) AS s (id) ON s.id = t.id WHEN MATCHED THEN UPDATE SET n = 100 WHEN NOT MATCHED BY SOURCE THEN DO NOTHING RETURNING merge_action(), t.*', 'UPDATE t SET n = id WHERE id = 1'),
  (17, false, 'GRANT MAINTAIN ON t TO regress_newer_a', 'REVOKE MAINTAIN ON t FROM regress_newer_a'),
  (17, false, 'CREATE TABLE u17 (id int, twice int GENERATED ALWAYS AS (id * 2) STORED); ALTER TABLE u17 ALTER twice SET EXPRESSION AS (id * 3)', 'DROP TABLE u17'),
  (17, false, $$CREATE TABLE w17 AS SELECT * FROM json_table('[{"a": 1}]', '$[*]' COLUMNS (a int))$$, 'DROP TABLE w17'),
  (18, false, 'ALTER TABLE t ADD COLUMN double int GENERATED ALWAYS AS (n * 2) VIRTUAL', 'ALTER TABLE t DROP COLUMN double'),
  (18, false, 'CREATE TABLE u18 (id int4range, span daterange, PRIMARY KEY (id, span WITHOUT OVERLAPS))', 'DROP TABLE u18'),
  (18, false, 'ALTER TABLE t ADD CONSTRAINT n_given NOT NULL n NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT n_given', 'ALTER TABLE t DROP CONSTRAINT n_given'),
  (18, false, 'ALTER TABLE t ADD CONSTRAINT lax CHECK (n < 0) NOT ENFORCED', 'ALTER TABLE t DROP CONSTRAINT lax'),
  (18, false, 'CREATE TABLE w18 AS WITH w AS (UPDATE t SET n = n RETURNING old.n AS before, new.n AS after) SELECT count(*) FROM w', 'DROP TABLE w18'),
  (18, true, 'VACUUM (ANALYZE) ONLY t', ''),
  (19, false, 'REPACK t', ''),
  (19, true, 'REPACK', ''),
  (19, true, 'REPACK (CONCURRENTLY) t', '')
) AS v (since, alone, up, down) WHERE since * 10000 <= current_setting('server_version_num')::int;

SELECT count(*) FROM newer \gset
SET client_min_messages = warning;
SELECT count(*) = (SELECT count(*) FROM newer) AS all_registered
FROM (SELECT migrate_revision('r' || i, CASE WHEN i > 1 THEN 'r' || i - 1 END, up, up, down) FROM newer ORDER BY i) AS r;
SELECT step, up, transactional FROM migrate_plan() JOIN newer ON i = step WHERE transactional = alone;
SELECT migrate_upgrade() = :count AS all_run;
SELECT up, message FROM headway.history JOIN newer ON revision = 'r' || i WHERE result <> 'done';
SELECT migrate_downgrade('base') = :count AS all_taken_back;
SELECT count(*), sum(n) FROM t;
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname ~ '^[uw]1[0-9]$';
-- and in one transaction, those that can
DELETE FROM headway.revision WHERE revision IN (SELECT 'r' || i FROM newer WHERE i >= (SELECT min(i) FROM newer WHERE alone));
BEGIN;
SELECT migrate_upgrade() = (SELECT count(*) FROM headway.revision) AS all_run;
ROLLBACK;

DROP EXTENSION pg_headway;
DROP TABLE t, newer;
DROP ROLE regress_newer_a, regress_newer_b;
