-- After SET ROLE a script has the rights of that role and no way back to those of the session: by SQL, by set_config(), in
-- functions, when the transaction commits, in a backfill. In the caller's transaction it is not even begun.
CREATE EXTENSION pg_headway;
CREATE ROLE regress_headway_low;
GRANT USAGE ON SCHEMA headway TO regress_headway_low;
GRANT ALL ON ALL TABLES IN SCHEMA headway TO regress_headway_low;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO regress_headway_low;
GRANT CREATE ON SCHEMA public TO regress_headway_low;
SET client_min_messages = warning;
\set VERBOSITY terse
SET ROLE regress_headway_low;
CREATE TABLE tries (id int PRIMARY KEY, n int);
INSERT INTO tries VALUES (1, 1);
CREATE FUNCTION rise() RETURNS int LANGUAGE plpgsql AS $$
BEGIN RESET ROLE; ALTER ROLE regress_headway_low SUPERUSER; RETURN 1; END $$;
CREATE FUNCTION rise_by_setting() RETURNS int LANGUAGE plpgsql AS $$
BEGIN PERFORM set_config('role', 'none', false); ALTER ROLE regress_headway_low SUPERUSER; RETURN 1; END $$;
CREATE FUNCTION rise_by_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM rise(); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER rise AFTER INSERT ON tries DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION rise_by_trigger();

CREATE PROCEDURE try(script text, direction text DEFAULT 'upgrade') LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM headway.revision; DELETE FROM headway.version; DELETE FROM headway.unfinished;
  PERFORM migrate_revision('a', NULL, 'Rise', script, '');
END $$;
CALL try('RESET ROLE; ALTER ROLE regress_headway_low SUPERUSER');
\set VERBOSITY default
SELECT migrate_upgrade();
\set VERBOSITY terse
CALL try('SET ROLE none');
SELECT migrate_upgrade();
CALL try('RESET ALL; ALTER ROLE regress_headway_low SUPERUSER');
\set VERBOSITY sqlstate
SELECT migrate_upgrade();
\set VERBOSITY terse
CALL try('RESET SESSION AUTHORIZATION');
SELECT migrate_upgrade();
CALL try('SELECT rise()');
SELECT migrate_upgrade();
CALL try('SELECT rise_by_setting()');
SELECT migrate_upgrade();
CALL try('CREATE FUNCTION f() RETURNS int LANGUAGE sql SET role = none AS ''SELECT rise()''; SELECT f()');
SELECT migrate_upgrade();
CALL try('INSERT INTO tries VALUES (2, 2)');
SELECT migrate_upgrade();
CALL try('DECLARE c CURSOR WITH HOLD FOR SELECT rise()');
SELECT migrate_upgrade();
\set VERBOSITY default
CALL try('DO ''BEGIN COMMIT; PERFORM rise(); END''; VACUUM tries');
SELECT migrate_upgrade();
\set VERBOSITY terse
CALL try('DISCARD ALL; VACUUM tries; SELECT rise()');
SELECT migrate_upgrade();
-- these begin transactions of their own; what they run is the index's
CREATE FUNCTION rise_of(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN public.rise(); END';
CALL try('CREATE INDEX CONCURRENTLY tries_rise ON tries (rise_of(n))');
SELECT migrate_upgrade();
CALL try('CREATE INDEX CONCURRENTLY tries_rise ON tries (n) WHERE rise_of(1) = 1');
SELECT migrate_upgrade();
CREATE FUNCTION calm_of(int) RETURNS int IMMUTABLE LANGUAGE sql RETURN 1;
CREATE INDEX tries_calm ON tries (calm_of(n));
CREATE OR REPLACE FUNCTION calm_of(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN public.rise(); END';
CALL try('REINDEX INDEX CONCURRENTLY tries_calm');
SELECT migrate_upgrade();
CALL try('UPDATE tries SET id = id + 0; VACUUM (FULL, ANALYZE) tries');
SELECT migrate_upgrade();
SELECT safe_reindex('tries');
SELECT safe_create_index('tries', '(rise_of(n))');
DROP INDEX tries_calm;
CALL try('SELECT safe_backfill(''tries'', ''n = rise()'')');
SELECT migrate_upgrade();
SELECT safe_backfill('tries', 'n = rise()');
SELECT safe_add_column('tries', 'r int DEFAULT rise()');
-- what the role may do it does, statement by statement too
CALL try('CREATE TABLE made (id int); VACUUM made; CREATE TEMP TABLE t (id int)');
SELECT migrate_upgrade();
SELECT tableowner FROM pg_tables WHERE tablename = 'made';
RESET ROLE;
SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_headway_low';

-- in a transaction, and behind a function
SET ROLE regress_headway_low;
CALL try('SELECT rise()');
BEGIN;
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
CREATE FUNCTION up() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT migrate_upgrade()';
RESET ROLE;
SELECT up();
SET ROLE regress_headway_low;
DO 'BEGIN PERFORM migrate_upgrade(); END';
RESET ROLE;
-- after SET SESSION AUTHORIZATION likewise
SET SESSION AUTHORIZATION regress_headway_low;
CALL try('RESET SESSION AUTHORIZATION; ALTER ROLE regress_headway_low SUPERUSER');
SELECT migrate_upgrade();
BEGIN;
SELECT migrate_upgrade();
ROLLBACK;
RESET SESSION AUTHORIZATION;
SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_headway_low';

-- A role that was dropped and made again vouches for nothing; one that was renamed does.
CREATE ROLE regress_headway_gone;
GRANT regress_headway_gone TO regress_headway_low;
SET ROLE regress_headway_low;
CALL try('');
RESET ROLE;
UPDATE headway.revision SET registered_by = 'regress_headway_gone';
SELECT registered_by_oid = 'regress_headway_gone'::regrole AS its_own FROM headway.revision;
DROP ROLE regress_headway_gone;
CREATE ROLE regress_headway_gone SUPERUSER;
SELECT migrate_upgrade();
UPDATE headway.revision SET message = 'Touched';
SELECT migrate_upgrade();
UPDATE headway.revision SET registered_by_oid = 'regress_headway_gone'::regrole;
SELECT migrate_upgrade();
SELECT migrate_revision('a', NULL, 'Touched', '', '');
SELECT migrate_upgrade();
SELECT migrate_downgrade('base');
UPDATE headway.revision SET registered_by = 'regress_headway_gone', upgrade = 'SELECT 1';
ALTER ROLE regress_headway_gone RENAME TO regress_headway_moved;
SELECT migrate_upgrade();

DROP EXTENSION pg_headway CASCADE;
DROP OWNED BY regress_headway_low;
DROP ROLE regress_headway_low, regress_headway_moved;
