-- migrate_revision(): what it accepts, what it answers, what it refuses and how.
CREATE EXTENSION pg_headway;

-- in any order; a parent that is still missing is said
SELECT migrate_revision('r3', 'r1, r2', 'Merge', '', '');
SELECT migrate_revision('r2', NULL, 'Second', 'CREATE TABLE two (id int)', 'DROP TABLE two');
SELECT migrate_revision('r1', NULL, 'First', 'CREATE TABLE one (id int)', 'DROP TABLE one');
SELECT revision, down_revision, is_head, is_mergepoint, applied FROM migrate_history();

-- again and again without harm
SELECT migrate_revision('r1', NULL, 'First', 'CREATE TABLE one (id int)', 'DROP TABLE one');
SELECT migrate_revision('r3', '  r1 ,r2 ', E'Merge\n', '-- nothing', ' ; ');
SELECT migrate_revision('r3', 'r2, r1', 'Merge', '', '');
-- not yet applied: replaced
SELECT migrate_revision('r1', NULL, 'First', 'CREATE TABLE one (id bigint)', 'DROP TABLE one');
SELECT migrate_revision('r1', NULL, 'The first', 'CREATE TABLE one (id bigint)', 'DROP TABLE one');
SELECT migrate_revision('r1', NULL, 'The first', 'CREATE TABLE one (id bigint)', NULL);
SELECT migrate_revision('r1', NULL, 'The first', 'CREATE TABLE one (id bigint)', '');
SELECT migrate_revision('r1', NULL, 'The first', 'CREATE TABLE one (id bigint)', '', branch_labels => 'main');
SELECT migrate_revision('r1', NULL, 'The first', 'CREATE TABLE one (id bigint)', '', branch_labels => 'main', depends_on => 'r2');
SELECT revision, down_revision, depends_on, branch_labels, message, upgrade, downgrade IS NULL AS irreversible,
       registered_by = current_user AS mine FROM headway.revision ORDER BY 1;
-- by name, with what is not given left out
SELECT migrate_revision(revision => 'r4', down_revision => 'r3');
SELECT message = '' AS message, upgrade = '' AS upgrade, downgrade FROM headway.revision WHERE revision = 'r4';

-- identifiers
SELECT migrate_revision('');
SELECT migrate_revision('a b');
SELECT migrate_revision('a@b');
SELECT migrate_revision('a-b');
SELECT migrate_revision('a+b');
SELECT migrate_revision('a:b');
SELECT migrate_revision('a,b');
SELECT migrate_revision('head');
SELECT migrate_revision('base');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_revision('x', 'a b');
SELECT migrate_revision('x', 'r1,,r2');
SELECT migrate_revision('x', 'r1, r1');
SELECT migrate_revision('x', 'heads');
SELECT migrate_revision('x', NULL, '', '', '', branch_labels => 'a-b');
SELECT migrate_revision('x', NULL, '', '', '', depends_on => 'r1+1');
-- any other character
SELECT migrate_revision('Überarbeitung_№1', 'r4', 'Umlauts');
SELECT migrate_revision('x"; DROP TABLE headway.revision; --');
SELECT migrate_revision('x''"\;$$', 'r4');
DELETE FROM headway.revision WHERE revision = 'x''"\;$$';

-- a loop of one
SELECT migrate_revision('x', 'x');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_revision('x', 'r1', '', '', '', depends_on => 'x');

-- labels: each names one branch, and no revision
SELECT migrate_revision('x', 'r1', '', '', '', branch_labels => 'main');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_revision('x', 'r1', '', '', '', branch_labels => 'other, main');
SELECT migrate_revision('x', 'r1', '', '', '', branch_labels => 'r2');
SELECT migrate_revision('x', 'r1', '', '', '', branch_labels => 'x');
SELECT migrate_revision('main', 'r1');
SELECT migrate_revision('x', 'r1', '', '', '', branch_labels => 'a, a');

-- NULL
SELECT migrate_revision(NULL);
SELECT migrate_revision('x', 'r1', NULL, NULL);
\echo :LAST_ERROR_SQLSTATE
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_revision('x', 'r4', NULL, '', NULL, NULL, NULL, NULL);
SELECT migrate_revision('x', 'r4', '', '', NULL);
DELETE FROM headway.revision WHERE revision = 'x';

-- scripts: errors show the line
SELECT migrate_revision('x', 'r1', '', $up$
  CREATE TABLE good (id int);
  CREAT TABLE bad (id int);
$up$);
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_revision('x', 'r1', '', '', $down$
  -- ü is one character but two bytes
  DROP TABLE "ü", ;
$down$);
SELECT migrate_revision('x', 'r1', '', 'SELECT ''open');
SELECT migrate_revision('x', 'r1', '', 'CREATE TABLE t (id int');
-- what belongs to psql
SELECT migrate_revision('x', 'r1', '', $up$
  CREATE TABLE good (id int);
  \i other.sql
$up$);
SELECT migrate_revision('x', 'r1', '', 'SELECT 1 \gexec');
\echo :LAST_ERROR_SQLSTATE
-- transaction control
SELECT migrate_revision('x', 'r1', '', 'SELECT 1; COMMIT');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_revision('x', 'r1', '', 'ROLLBACK');
SELECT migrate_revision('x', 'r1', '', 'SAVEPOINT s');
SELECT migrate_revision('x', 'r1', '', 'RELEASE s');
SELECT migrate_revision('x', 'r1', '', 'START TRANSACTION');
SELECT migrate_revision('x', 'r1', '', '', 'SELECT 1; END');
SELECT migrate_revision('x', 'r1', '', 'PREPARE TRANSACTION ''p''');
-- BEGIN of a function's body is none
SELECT migrate_revision('x', 'r1', '', $up$
  CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN COMMIT; END';
  CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT 1; END;
$up$);
-- data from a client that is not there
SELECT migrate_revision('x', 'r1', '', E'CREATE TABLE t (id int);\nCOPY t FROM STDIN');
SELECT migrate_revision('x', 'r1', '', 'COPY r TO STDOUT');
\echo :LAST_ERROR_SQLSTATE
-- an enum value can be used only after the commit: what is certain to fail is refused, the rest is up to the server
SELECT migrate_revision('x', 'r1', '', $up$
  ALTER TYPE mood ADD VALUE 'great';
  UPDATE people SET mood = 'great'::mood;
$up$);
\echo :LAST_ERROR_SQLSTATE
DO $$
DECLARE use text; error text;
BEGIN
  FOREACH use IN ARRAY ARRAY[
    'SELECT mood ''great''', 'SELECT CAST(''great'' AS public.mood)', 'INSERT INTO people VALUES (''great''::mood)',
    'WITH w AS (SELECT ''great''::mood) DELETE FROM people USING w', 'CREATE TABLE t (m mood DEFAULT ''great'')',
    'ALTER TABLE people ADD m mood DEFAULT ''great''', 'ALTER TABLE people ALTER m SET DEFAULT ''great''::mood',
    'ALTER TABLE people ADD CHECK (m <> ''great''::mood)', 'CREATE INDEX ON people (m) WHERE m = ''great''::mood',
    'CREATE VIEW v AS SELECT ''great''::mood', 'CREATE TABLE t AS SELECT ''great''::mood',
    -- up to the server
    'UPDATE people SET mood = ''great''', 'DO ''BEGIN PERFORM $m$great$m$::mood; END''', 'SELECT ''great''', 'SELECT ''fair''::mood',
    'SELECT ''great''::text', 'SELECT ''great''::other.mood', 'SELECT ''{great}''::mood[]', 'CREATE TABLE t (m text DEFAULT ''great'')',
    'ALTER TABLE people ALTER m SET DEFAULT ''great''', 'COMMENT ON TABLE people IS ''great'''] LOOP
    error := NULL;
    BEGIN
      PERFORM migrate_revision('x', 'r1', '', 'ALTER TYPE public.mood ADD VALUE ''great''; ' || use);
    EXCEPTION WHEN OTHERS THEN error := SQLERRM; END;
    RAISE NOTICE '% %', CASE WHEN error IS NULL THEN 'up to the server:' ELSE 'refused:         ' END, use;
  END LOOP;
END $$;
-- a type of the same script
SELECT migrate_revision('x', 'r1', '', $$ CREATE TYPE mood2 AS ENUM (); ALTER TYPE mood2 ADD VALUE 'great'; SELECT 'great'::mood2 $$);
-- statement by statement it works
SELECT migrate_revision('x', 'r1', '', $up$
  ALTER TYPE mood ADD VALUE 'great';
  UPDATE people SET mood = 'great'::mood;
$up$, transactional => false);
SELECT upgrade_in_transaction, downgrade_in_transaction FROM headway.revision WHERE revision = 'x';
-- renaming one is not adding one
SELECT migrate_revision('x', 'r1', '', $$ ALTER TYPE mood RENAME VALUE 'good' TO 'fine'; UPDATE people SET mood = 'fine' $$);

-- what cannot run in a transaction is found by itself, for each direction
SELECT migrate_revision('x', 'r1', '', 'CREATE INDEX CONCURRENTLY i ON t (id)', 'DROP INDEX i');
SELECT upgrade_in_transaction, downgrade_in_transaction FROM headway.revision WHERE revision = 'x';
SELECT migrate_revision('x', 'r1', '', 'CREATE INDEX CONCURRENTLY i ON t (id)', transactional => true);
\echo :LAST_ERROR_SQLSTATE
DO $$
DECLARE script text; alone boolean;
BEGIN
  FOREACH script IN ARRAY ARRAY[
    'CREATE INDEX CONCURRENTLY i ON t (id)', 'DROP INDEX CONCURRENTLY i', 'REINDEX INDEX CONCURRENTLY i',
    'REINDEX (CONCURRENTLY) TABLE t', 'REINDEX (CONCURRENTLY false) TABLE t', 'REINDEX SCHEMA s', 'VACUUM t',
    'ANALYZE t', 'CLUSTER', 'CLUSTER t USING i', 'ALTER TABLE p DETACH PARTITION c CONCURRENTLY',
    'ALTER TABLE p DETACH PARTITION c', 'ALTER SYSTEM SET work_mem = 64', 'CREATE DATABASE d',
    'SELECT safe_backfill(''t'', ''a = 1'')', 'SELECT public.safe_backfill(''t'', ''a = 1'')', 'SELECT 1'] LOOP
    PERFORM migrate_revision('y', 'r1', '', script);
    SELECT NOT upgrade_in_transaction INTO alone FROM headway.revision WHERE revision = 'y';
    RAISE NOTICE '% %', CASE WHEN alone THEN 'alone:         ' ELSE 'in transaction:' END, script;
  END LOOP;
END $$;

-- nothing of what was refused is there, and registering is part of the caller's transaction
BEGIN;
SELECT migrate_revision('z', 'r1');
ROLLBACK;
SELECT revision FROM headway.revision ORDER BY 1;
BEGIN READ ONLY;
SELECT migrate_revision('z', 'r1');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;

DROP EXTENSION pg_headway;
