-- What a revision does to its session ends with it, through either door; what the caller's session has set reaches it.
CREATE EXTENSION pg_headway;
CREATE SCHEMA app;
CREATE TABLE seen (id serial, door text, what text, value text);
CREATE FUNCTION note(what text, value text) RETURNS void LANGUAGE sql AS $$
  INSERT INTO public.seen (door, what, value)
  VALUES (CASE WHEN current_setting('application_name') = 'pg_headway' THEN 'worker' ELSE 'caller' END, what, value)
$$;
CREATE VIEW leftovers AS
  SELECT 'prepared statement' AS kind, count(*) FROM pg_prepared_statements
  UNION ALL SELECT 'cursor', count(*) FROM pg_cursors WHERE is_holdable
  UNION ALL SELECT 'temporary relation', count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema()
  UNION ALL SELECT 'advisory lock', count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND objsubid <= 2;

-- each of these leaves something behind, the next one looks for it
SELECT migrate_revision('mess', NULL, 'Make a mess', $up$
  SET search_path = app;
  SET work_mem = '7MB';
  SET my.own = 'from the script';
  SELECT set_config('timezone', 'Asia/Tokyo', false);
  SET SESSION statement_timeout = '1h';
  CREATE TABLE in_app (id int);
  CREATE TEMP TABLE scratch (id int);
  CREATE TEMP VIEW scratch_view AS SELECT * FROM scratch;
  CREATE TEMP SEQUENCE scratch_seq;
  SELECT nextval('scratch_seq');
  CREATE TEMP TABLE scratch_as AS SELECT 1 AS one;
  SELECT 1 AS one INTO TEMP scratch_into;
  PREPARE left_over AS SELECT 1;
  DECLARE held CURSOR WITH HOLD FOR SELECT 1;
  SELECT pg_advisory_lock(4711);
  SELECT pg_advisory_lock(4711);
  SELECT pg_advisory_lock_shared(1, 2);
  SELECT pg_advisory_xact_lock(4713);
  DO 'BEGIN PERFORM pg_advisory_lock(4712); CREATE TEMP TABLE by_do (id int); PERFORM set_config(''my.do'', ''x'', false); END';
$up$, 'DROP TABLE app.in_app');
SELECT migrate_revision('look', 'mess', 'Look around', $up$
  SELECT note('search_path', current_setting('search_path'));
  SELECT note('work_mem', current_setting('work_mem'));
  SELECT note('my.own', current_setting('my.own', true));
  SELECT note('my.do', current_setting('my.do', true));
  SELECT note('timezone', current_setting('timezone'));
  SELECT note('statement_timeout', current_setting('statement_timeout'));
  SELECT note(kind, count::text) FROM leftovers;
$up$, '');
SET my.own = 'from the caller';
SET timezone = 'Europe/Oslo';

SELECT migrate_upgrade();
SELECT door, what, value FROM seen ORDER BY id;
SELECT to_regclass('app.in_app');
SELECT migrate_downgrade('base');
TRUNCATE seen;
BEGIN;
SELECT migrate_upgrade();
SELECT door, what, value FROM seen ORDER BY id;
SHOW search_path;
SHOW my.own;
SHOW timezone;
SHOW statement_timeout;
SHOW lock_timeout;
SELECT * FROM leftovers;
COMMIT;
SHOW search_path;
SHOW my.own;
SHOW timezone;
SHOW lock_timeout;
SELECT * FROM leftovers;
SELECT migrate_downgrade('base');
TRUNCATE seen;

-- what the caller has of these stays his, in his transaction too
CREATE TEMP TABLE mine AS SELECT 1 AS one;
PREPARE mine AS SELECT 1;
SELECT pg_advisory_lock(9999);
BEGIN;
DECLARE my_cursor CURSOR FOR SELECT 1;
SELECT migrate_upgrade();
SELECT * FROM mine;
EXECUTE mine;
FETCH my_cursor;
COMMIT;
SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND objsubid <= 2;
SELECT pg_advisory_unlock(9999);
DEALLOCATE mine;
DROP TABLE mine;
SELECT migrate_downgrade('base');
TRUNCATE seen;

-- a script in the manner of pg_dump
SELECT migrate_revision('mess', NULL, 'A dump', $up$
SET statement_timeout = 0;
SET lock_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET row_security = off;
CREATE TABLE app.in_app (id integer, "größe" text);
INSERT INTO app.in_app VALUES (1, 'groß');
$up$, 'DROP TABLE app.in_app');
SELECT migrate_upgrade();
SELECT * FROM app.in_app;
SELECT door, what, value FROM seen WHERE what IN ('search_path', 'statement_timeout') ORDER BY id;
SELECT migrate_downgrade('base');
BEGIN;
SELECT migrate_upgrade();
SHOW search_path;
COMMIT;
SELECT migrate_downgrade('base');
TRUNCATE seen;

-- statement by statement: its settings hold for its statements and no longer
SELECT migrate_revision('mess', NULL, 'One by one', $up$
  SET search_path = app;
  CREATE TABLE in_app (id int);
  CREATE INDEX CONCURRENTLY in_app_idx ON in_app (id);
  CREATE TEMP TABLE scratch (id int);
  PREPARE left_over AS SELECT 1;
  SELECT pg_advisory_lock(4711);
$up$, 'DROP TABLE app.in_app');
SELECT migrate_upgrade();
SELECT to_regclass('app.in_app_idx');
SELECT door, what, value FROM seen ORDER BY id;
SELECT migrate_downgrade('base');
TRUNCATE seen;

-- a script that fails leaves no more behind than one that does not
SELECT migrate_revision('mess', NULL, 'Fail', $up$
  SET search_path = app;
  PREPARE left_over AS SELECT 1;
  CREATE TEMP TABLE scratch (id int);
  SELECT pg_advisory_lock(4711);
  SELECT 1/0;
$up$, '');
SELECT migrate_upgrade();
BEGIN;
SAVEPOINT s;
SELECT migrate_upgrade();
ROLLBACK TO s;
SHOW search_path;
SELECT * FROM leftovers;
COMMIT;
SELECT * FROM leftovers;

-- settings of the session, of the transaction, of the role
SELECT migrate_revision('mess', NULL, 'Nothing', '', '');
SET search_path = app, public;
SET work_mem = '9MB';
SET timezone = 'Europe/Berlin';
SELECT migrate_upgrade();
SELECT door, what, value FROM public.seen WHERE what IN ('search_path', 'work_mem', 'timezone', 'my.own') ORDER BY id;
RESET search_path;
RESET work_mem;
-- unqualified names of a script are found where the caller's would be
SELECT migrate_revision('where', 'look', 'A table', 'CREATE TABLE where_am_i (id int)', 'DROP TABLE where_am_i');
SET search_path = app, public;
SELECT migrate_upgrade();
RESET search_path;
SELECT c.oid::regclass FROM pg_class c WHERE relname = 'where_am_i';
SET search_path = app, public;
SELECT migrate_downgrade('base');
RESET search_path;
TRUNCATE seen;

-- roles: the worker is who the caller is
CREATE ROLE regress_headway_runner;
CREATE ROLE regress_headway_other;
GRANT regress_headway_runner TO regress_headway_other;
GRANT USAGE ON SCHEMA headway, app TO regress_headway_runner, regress_headway_other;
GRANT ALL ON SCHEMA public TO regress_headway_runner, regress_headway_other;
GRANT ALL ON ALL TABLES IN SCHEMA headway TO regress_headway_runner, regress_headway_other;
GRANT ALL ON ALL SEQUENCES IN SCHEMA headway TO regress_headway_runner, regress_headway_other;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO regress_headway_runner, regress_headway_other;
GRANT ALL ON seen, seen_id_seq TO regress_headway_runner, regress_headway_other;
DELETE FROM headway.revision;
SELECT migrate_revision('who', NULL, 'Who am I', $up$
  SELECT note('who', session_user::text || ' as ' || current_user);
  CREATE TABLE owned (id int);
$up$, 'DROP TABLE owned');
SELECT session_user AS me \gset
SET ROLE regress_headway_runner;
SELECT migrate_upgrade();
RESET ROLE;
SELECT replace(value, :'me', 'me') AS who FROM seen;
SELECT tableowner FROM pg_tables WHERE tablename = 'owned';
SELECT run_by, session_user_name = :'me' AS logged_in FROM headway.history ORDER BY id DESC LIMIT 1;
SET ROLE regress_headway_runner;
SELECT migrate_downgrade('base');
RESET ROLE;
TRUNCATE seen;
SET SESSION AUTHORIZATION regress_headway_other;
SELECT migrate_upgrade();
SELECT migrate_downgrade('base');
SET ROLE regress_headway_runner;
SELECT migrate_upgrade();
SELECT migrate_downgrade('base');
RESET SESSION AUTHORIZATION;
RESET ROLE;
SELECT value FROM seen ORDER BY id;
SELECT run_by, session_user_name FROM headway.history ORDER BY id DESC LIMIT 4;
TRUNCATE seen;
-- a script that changes its role
SELECT migrate_revision('who', NULL, 'Become another', $up$
  SET ROLE regress_headway_runner;
  CREATE TABLE owned (id int);
$up$, 'DROP TABLE owned');
SELECT migrate_revision('then', 'who', 'Who am I then', $$ SELECT note('who', current_user::text) $$, '');
SELECT migrate_upgrade();
SELECT value = current_user AS me FROM seen;
SELECT tableowner FROM pg_tables WHERE tablename = 'owned';
SELECT migrate_downgrade('base');
BEGIN;
SELECT migrate_upgrade();
SELECT current_user = :'me' AS me;
COMMIT;
SELECT current_user = :'me' AS me;
SELECT value = current_user AS me FROM seen;
SELECT migrate_downgrade('base');
SELECT migrate_revision('who', NULL, 'Become another', $up$
  SET SESSION AUTHORIZATION regress_headway_runner;
  CREATE TABLE owned (id int);
$up$, 'DROP TABLE owned');
SELECT migrate_upgrade();
SELECT value = current_user AS me FROM seen;
SELECT migrate_downgrade('base');
BEGIN;
SELECT migrate_upgrade();
SELECT current_user = :'me' AS me, session_user = :'me' AS session;
COMMIT;
SELECT current_user = :'me' AS me, session_user = :'me' AS session;
SELECT migrate_downgrade('base');

-- a revision cannot run revisions
DELETE FROM headway.revision;
SELECT migrate_revision('outer', NULL, 'Calls another', 'SELECT migrate_upgrade()', '');
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
BEGIN;
SELECT migrate_upgrade();
ROLLBACK;
SELECT migrate_revision('outer', NULL, 'Calls another', 'DO ''BEGIN PERFORM migrate_downgrade(''''base''''); END''', '');
SELECT migrate_upgrade();
SELECT migrate_revision('outer', NULL, 'Calls another', 'SELECT migrate_stamp(''outer'')', '');
SELECT migrate_upgrade();
SELECT migrate_revision('outer', NULL, 'Calls another', 'SELECT migrate_revision(''x'')', '');
SELECT migrate_upgrade();
-- looking is allowed
SELECT migrate_revision('outer', NULL, 'Looks', 'SELECT count(*) FROM migrate_plan(); SELECT count(*) FROM migrate_current(), migrate_history()', '');
SELECT migrate_upgrade();
-- the mark of a script that failed is gone
SELECT migrate_downgrade('base');

-- the runner's lock cannot be given up: it is an advisory lock of a kind of its own
CREATE VIEW runner_lock AS
  SELECT count(*) AS runners FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 18551 AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
SELECT migrate_revision('outer', NULL, 'Unlocks', 'SELECT pg_advisory_unlock_all(); DISCARD ALL', '');
SELECT migrate_upgrade();
SELECT migrate_revision('outer', NULL, 'Unlocks', 'SELECT pg_advisory_unlock_all(); DEALLOCATE ALL; RESET ALL; CLOSE ALL; DISCARD PLANS', '');
SELECT migrate_upgrade();
SELECT migrate_downgrade('base');
SELECT migrate_revision('outer', NULL, 'Unlocks', 'DISCARD ALL; SELECT note(''runners'', runners::text) FROM runner_lock', '', transactional => false);
SELECT migrate_upgrade();
SELECT what, value FROM seen WHERE what = 'runners';
SELECT migrate_downgrade('base');
SELECT migrate_revision('outer', NULL, 'Unlocks', 'SELECT pg_advisory_unlock_all(); SELECT note(''runners'', runners::text) FROM runner_lock', '');
SELECT migrate_upgrade();
SELECT what, value FROM seen WHERE what = 'runners';
SELECT * FROM runner_lock;
BEGIN;
SELECT migrate_downgrade('base');
SELECT migrate_upgrade();
COMMIT;

DROP EXTENSION pg_headway;
DROP VIEW leftovers, runner_lock;
DROP TABLE seen;
DROP FUNCTION note;
DROP SCHEMA app CASCADE;
DROP OWNED BY regress_headway_runner, regress_headway_other;
DROP ROLE regress_headway_runner, regress_headway_other;
