-- Who may do what.
CREATE EXTENSION pg_headway;

-- nothing is for PUBLIC
CREATE VIEW ours AS SELECT p.oid, p.proname, p.prosecdef, p.proconfig FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid
WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_headway');
SELECT count(*) > 30 AS seen FROM ours;
SELECT oid::regprocedure FROM ours WHERE has_function_privilege('public', oid, 'EXECUTE');
SELECT count(*) > 10 AS seen FROM pg_class WHERE relnamespace = 'headway'::regnamespace AND relkind IN ('r', 'v', 'm', 'f', 'p');
SELECT oid::regclass FROM pg_class WHERE relnamespace = 'headway'::regnamespace AND relkind IN ('r', 'v', 'm', 'f', 'p')
AND has_table_privilege('public', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER');
SELECT s.seqrelid::regclass FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
WHERE c.relnamespace = 'headway'::regnamespace AND has_sequence_privilege('public', s.seqrelid, 'USAGE, SELECT, UPDATE');
SELECT has_schema_privilege('public', 'headway', 'USAGE, CREATE') AS public;
-- no function runs with its owner's rights, none has settings of its own
SELECT oid::regprocedure FROM ours WHERE prosecdef OR proconfig IS NOT NULL;
DROP VIEW ours;
-- everything is explained
SELECT pg_describe_object(classid, objid, objsubid) FROM pg_depend
WHERE refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_headway') AND deptype = 'e'
AND classid IN ('pg_proc'::regclass, 'pg_class'::regclass, 'pg_namespace'::regclass)
AND obj_description(objid, classid::regclass::name) IS NULL
AND (classid, objid) NOT IN (SELECT 'pg_class'::regclass, oid FROM pg_class WHERE relkind = 'S');

CREATE ROLE regress_headway_deployer;
CREATE ROLE regress_headway_nobody;
CREATE ROLE regress_headway_app;
CREATE ROLE regress_headway_super SUPERUSER;
GRANT CREATE, USAGE ON SCHEMA public TO regress_headway_deployer;

-- without a grant
SET ROLE regress_headway_nobody;
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_revision('x');
SELECT migrate_current();
SELECT safe_backfill('pg_class', 'relname = relname');
SELECT * FROM headway.version;
RESET ROLE;

-- a deployer
GRANT USAGE ON SCHEMA headway TO regress_headway_deployer;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA headway TO regress_headway_deployer;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA headway TO regress_headway_deployer;
GRANT EXECUTE ON FUNCTION migrate_revision, migrate_upgrade, migrate_downgrade, migrate_stamp, migrate_plan, migrate_current,
  migrate_history, safe_backfill TO regress_headway_deployer;
SET ROLE regress_headway_deployer;
SELECT migrate_revision('a', NULL, 'First', 'CREATE TABLE a (id int)', 'DROP TABLE a');
SELECT migrate_revision('b', 'a', 'Second', 'CREATE INDEX CONCURRENTLY a_idx ON a (id)', 'DROP INDEX CONCURRENTLY a_idx');
SELECT migrate_revision('c', 'b', 'Third', 'SELECT safe_backfill(''a'', ''id = id + 1'', ''id = 0'')', '');
\set VERBOSITY terse
SELECT migrate_upgrade();
\set VERBOSITY default
SELECT * FROM migrate_current();
SELECT count(*) FROM migrate_plan('base', 'downgrade');
SELECT migrate_downgrade('-2');
SELECT migrate_stamp('head');
SELECT migrate_stamp('a');
RESET ROLE;
SELECT tableowner FROM pg_tables WHERE tablename = 'a';
SELECT DISTINCT run_by FROM headway.history;
SELECT DISTINCT registered_by FROM headway.revision;

-- looking only
GRANT USAGE ON SCHEMA headway TO regress_headway_app;
GRANT SELECT ON ALL TABLES IN SCHEMA headway TO regress_headway_app;
GRANT EXECUTE ON FUNCTION migrate_current, migrate_plan, migrate_history, migrate_upgrade TO regress_headway_app;
SET ROLE regress_headway_app;
SELECT revision FROM migrate_current();
SELECT count(*) FROM migrate_history();
SELECT count(*) FROM migrate_plan();
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;

-- a superuser does not run what a lesser role has registered
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_downgrade('base');
BEGIN;
SELECT migrate_downgrade('base');
ROLLBACK;
-- nor does another role
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO regress_headway_nobody;
GRANT USAGE ON SCHEMA headway TO regress_headway_nobody;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA headway TO regress_headway_nobody;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA headway TO regress_headway_nobody;
SET ROLE regress_headway_nobody;
SELECT migrate_downgrade('base');
RESET ROLE;
-- having read it, the superuser vouches for it by registering the same
SELECT migrate_revision('b', 'a', 'Second', 'CREATE INDEX CONCURRENTLY a_idx ON a (id)', 'DROP INDEX CONCURRENTLY a_idx');
SELECT migrate_revision('b', 'a', 'Second', 'CREATE INDEX CONCURRENTLY a_idx ON a (id)', 'DROP INDEX CONCURRENTLY a_idx');
SELECT registered_by = current_user AS mine FROM headway.revision WHERE revision = 'b';
SELECT migrate_upgrade('b');
-- the deployer may run what a greater role vouches for
SET ROLE regress_headway_deployer;
SELECT migrate_downgrade('a');
SELECT migrate_revision('b', 'a', 'Second', 'CREATE INDEX CONCURRENTLY a_idx ON a (id)', 'DROP INDEX CONCURRENTLY a_idx');
-- and take it over again with a change, which needs a new word of the superuser
SELECT migrate_revision('b', 'a', 'Second', 'ALTER ROLE regress_headway_deployer SUPERUSER', '');
RESET ROLE;
SELECT registered_by FROM headway.revision WHERE revision = 'b';
SELECT migrate_upgrade('b');

-- nobody writes in another's name
SET ROLE regress_headway_deployer;
INSERT INTO headway.revision (revision, upgrade, registered_by)
VALUES ('x', 'ALTER ROLE regress_headway_deployer SUPERUSER', 'regress_headway_super');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO headway.revision (revision, upgrade, registered_by) VALUES ('x', '', 'regress_headway_nobody');
UPDATE headway.revision SET registered_by = 'regress_headway_app';
INSERT INTO headway.revision (revision, upgrade, registered_by) VALUES ('x', '', 'no such role');
SET session_replication_role = replica;
ALTER TABLE headway.revision DISABLE TRIGGER vouch;
INSERT INTO headway.revision (revision, upgrade) VALUES ('x', '');
SELECT registered_by FROM headway.revision WHERE revision = 'x';
DELETE FROM headway.revision WHERE revision = 'x';
RESET ROLE;
-- what a superuser has vouched for cannot be changed under his name
SET ROLE regress_headway_super;
SELECT migrate_revision('b', 'a', 'Second', '', '');
SET ROLE regress_headway_deployer;
UPDATE headway.revision SET upgrade = 'ALTER ROLE regress_headway_deployer SUPERUSER' WHERE revision = 'b';
UPDATE headway.revision SET upgrade_in_transaction = false WHERE revision = 'b';
RESET ROLE;
SELECT upgrade = '' AS unchanged FROM headway.revision WHERE revision = 'b';

-- membership: a member has all rights of the group, so the group may run what he registers; not the other way round
CREATE ROLE regress_headway_member IN ROLE regress_headway_deployer;
SET ROLE regress_headway_deployer;
SELECT migrate_downgrade('base');
SELECT migrate_revision('a', NULL, 'First', 'CREATE TABLE a (id int)', 'DROP TABLE a');
RESET ROLE;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO regress_headway_member;
SET ROLE regress_headway_member;
SELECT migrate_upgrade('a');
SELECT migrate_revision('a', NULL, 'First', 'CREATE TABLE a (id int)', 'DROP TABLE a');
RESET ROLE;
SELECT registered_by FROM headway.revision WHERE revision = 'a';
SET ROLE regress_headway_deployer;
SELECT migrate_upgrade('a');
RESET ROLE;

-- a schema in front of the path with names like ours
CREATE SCHEMA evil;
GRANT ALL ON SCHEMA evil TO PUBLIC;
SET ROLE regress_headway_nobody;
CREATE TABLE evil.revision (revision text, upgrade text);
CREATE TABLE evil.version (revision text);
CREATE FUNCTION evil.trap() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
CREATE FUNCTION evil.equals(text, text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
CREATE FUNCTION evil.equals(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
CREATE FUNCTION evil.plus(bigint, bigint) RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.equals);
CREATE OPERATOR evil.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.equals);
CREATE OPERATOR evil.> (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.equals);
CREATE OPERATOR evil.<= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.equals);
CREATE OPERATOR evil.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.equals);
CREATE OPERATOR evil.+ (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.plus);
CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
CREATE FUNCTION evil.pg_backend_pid() RETURNS int LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
CREATE FUNCTION evil.array_to_string(text[], text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
CREATE FUNCTION evil.unnest(text[]) RETURNS SETOF text LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
CREATE FUNCTION evil.count() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
CREATE DOMAIN evil.text AS pg_catalog.text CHECK (evil.trap());
CREATE DOMAIN evil.regclass AS pg_catalog.oid CHECK (evil.trap());
CREATE DOMAIN evil.tid AS pg_catalog.text CHECK (evil.trap());
RESET ROLE;
DELETE FROM headway.revision;
DELETE FROM headway.version;
CREATE TABLE rows (id bigint PRIMARY KEY, done boolean);
INSERT INTO rows SELECT i, false FROM generate_series(1, 3000) AS i;
SET search_path = evil, pg_catalog, public;
SELECT public.migrate_revision('a', NULL, 'First', 'CREATE TABLE public.from_a (id int)', 'DROP TABLE public.from_a', 'label');
SELECT public.migrate_revision('b', 'a', 'Second', $$
  CREATE INDEX CONCURRENTLY from_a_idx ON public.from_a (id);
  SELECT public.safe_backfill('public.rows', 'done = true');
  SELECT public.safe_backfill('public.rows', 'done = NULL', 'done', strategy => 'ctid');
$$, '');
SELECT public.migrate_revision('b', 'a', 'Second!', $$
  CREATE INDEX CONCURRENTLY from_a_idx ON public.from_a (id);
  SELECT public.safe_backfill('public.rows', 'done = true');
  SELECT public.safe_backfill('public.rows', 'done = NULL', 'done', strategy => 'ctid');
$$, '');
\set VERBOSITY terse
SELECT * FROM public.migrate_plan();
SELECT public.migrate_upgrade();
SELECT * FROM public.migrate_current();
SELECT public.migrate_downgrade('base');
SELECT public.migrate_stamp('b');
SELECT revision, applied FROM public.migrate_history();
SELECT public.migrate_stamp('base');
SELECT public.migrate_revision('a', NULL, 'First', $$
  CREATE TABLE public.from_a (id int);
  CREATE TEMP TABLE scratch (id int);
  DO 'BEGIN PERFORM pg_advisory_lock(1), pg_advisory_lock(1, 2); END';
$$, 'DROP TABLE public.from_a', 'label');
BEGIN;
SELECT public.migrate_upgrade('a');
SELECT public.migrate_downgrade('base');
SELECT public.migrate_upgrade('a');
COMMIT;
\set VERBOSITY default
RESET search_path;
SELECT count(*) FROM rows WHERE done IS NULL;

-- a SECURITY DEFINER function: with its owner's rights, in its transaction
DELETE FROM headway.version;
DELETE FROM headway.revision;
DROP TABLE from_a;
SELECT migrate_revision('a', NULL, 'First', 'CREATE TABLE public.from_a (id int)', 'DROP TABLE public.from_a');
CREATE FUNCTION deploy() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
  'SELECT public.migrate_upgrade()';
GRANT EXECUTE ON FUNCTION deploy TO regress_headway_app;
SET ROLE regress_headway_app;
SELECT deploy();
RESET ROLE;
SELECT tableowner = current_user AS mine FROM pg_tables WHERE tablename = 'from_a';
SELECT run_by = current_user AS mine FROM headway.history ORDER BY id DESC LIMIT 1;

-- one call grants all of it, and no more
CREATE ROLE "regress_headway granted" LOGIN;
GRANT CREATE ON SCHEMA public TO "regress_headway granted";
SELECT regexp_replace(migrate_grant('regress_headway granted', apply => false), '(GRANT EXECUTE[^;]*;\s*)+', 'GRANT EXECUTE ...', 'g');
SET ROLE "regress_headway granted";
SELECT migrate_plan();
RESET ROLE;
SELECT length(migrate_grant('regress_headway granted')) > 1000 AS granted;
SET ROLE "regress_headway granted";
SELECT migrate_revision('g', NULL, 'Granted', 'CREATE TABLE granted (id int PRIMARY KEY, n int)', 'DROP TABLE granted', depends_on => 'a');
SELECT migrate_upgrade('g');
SELECT safe_backfill('granted', 'n = 1');
SELECT safe_create_index('granted', '(id)', name => 'granted_id');
SELECT migrate_downgrade('g@-1');
SELECT count(*) FROM headway.status, headway.progress RIGHT JOIN headway.history ON false;
SELECT migrate_grant('regress_headway_nobody');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
-- what belongs to the extension and it may not call
SELECT d.objid::regprocedure FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND extname = 'pg_headway'
WHERE d.classid = 'pg_proc'::regclass AND NOT has_function_privilege('regress_headway granted', d.objid, 'EXECUTE') ORDER BY 1::text;
SELECT relname FROM pg_class WHERE relnamespace = 'headway'::regnamespace AND relkind IN ('r', 'v', 'S')
AND NOT has_table_privilege('regress_headway granted', oid, 'SELECT');
SELECT migrate_grant('public');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_grant('x"; DROP TABLE a; --');
DROP OWNED BY "regress_headway granted"; DROP ROLE "regress_headway granted";

DROP FUNCTION deploy;
DROP TABLE from_a, rows, a;
SET client_min_messages = warning;
DROP SCHEMA evil CASCADE;
RESET client_min_messages;
DROP EXTENSION pg_headway;
DROP OWNED BY regress_headway_super, regress_headway_deployer, regress_headway_nobody, regress_headway_app, regress_headway_member;
DROP ROLE regress_headway_super, regress_headway_member, regress_headway_deployer, regress_headway_nobody, regress_headway_app;
