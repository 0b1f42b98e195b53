-- A database that another tool has migrated, and that has not been taken over.
CREATE EXTENSION pg_headway;
SELECT migrate_revision('0009', NULL, 'One', 'CREATE TABLE of_other ()', 'DROP TABLE of_other'),
  migrate_revision('0010_b', '0009', 'Two', '', '');
SELECT migrate_revision('5_add.up', '0010_b', 'Three', '', '');
SET client_min_messages = warning;

-- Tables of that name, but not of such a tool; or it has run nothing, or other revisions than these.
CREATE TABLE schema_migrations (id int);
CREATE TABLE alembic_version (version_num varchar(32));
CREATE TABLE goose_db_version (id int, version_id bigint);
INSERT INTO alembic_version VALUES ('7c1d');
SELECT migrate_upgrade('0009') AS run;
SELECT migrate_downgrade('base') AS run;
-- It has been run here before.
INSERT INTO goose_db_version VALUES (1, 9);
SELECT migrate_upgrade('0009') AS run, migrate_downgrade('base') AS back;
SELECT migrate_upgrade('0009') AS run;
DELETE FROM headway.version;
DELETE FROM headway.step;
DROP TABLE of_other;

-- What would run somebody's code when it is read is not read: a view, a policy, a type with a cast of theirs.
CREATE ROLE regress_lesser;
GRANT CREATE ON SCHEMA public TO regress_lesser;
SET ROLE regress_lesser;
CREATE FUNCTION trap(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'trapped as %', current_user; RETURN $1; END $$;
CREATE VIEW gorp_migrations AS SELECT trap('5_add.up.sql') AS id;
CREATE TABLE _sqlx_migrations (version text);
INSERT INTO _sqlx_migrations VALUES ('9');
ALTER TABLE _sqlx_migrations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY trap ON _sqlx_migrations USING (trap(version) IS NOT NULL);
GRANT SELECT ON _sqlx_migrations TO PUBLIC;
CREATE TYPE theirs AS ENUM ('9');
CREATE FUNCTION trap(theirs) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'trapped as %', current_user; RETURN '9'; END $$;
CREATE CAST (theirs AS text) WITH FUNCTION trap(theirs);
CREATE TABLE flyway_schema_history (version theirs);
INSERT INTO flyway_schema_history VALUES ('9');
RESET ROLE;
DELETE FROM goose_db_version;
SELECT problem FROM migrate_check() WHERE problem = 'not taken over';
CREATE ROLE regress_deployer;
SELECT count(*) > 0 AS granted FROM migrate_grant('regress_deployer');
SET ROLE regress_deployer;
SELECT problem FROM migrate_check() WHERE problem = 'not taken over';
RESET ROLE;
DROP OWNED BY regress_lesser, regress_deployer CASCADE;
DROP ROLE regress_lesser, regress_deployer;
INSERT INTO goose_db_version VALUES (1, 9);

-- Each tool has its way to write down what it has run.
SELECT migrate_upgrade('head');
\echo :LAST_ERROR_SQLSTATE
SELECT problem, revision, detail FROM migrate_check() WHERE problem <> 'not applied';
SELECT problem FROM migrate_check(ignore => 'not taken over, not applied');
BEGIN;
SELECT migrate_upgrade('head');
ROLLBACK;
SET search_path = pg_catalog;
SELECT problem FROM public.migrate_check() WHERE problem = 'not taken over';
RESET search_path;
DROP TABLE goose_db_version;
UPDATE alembic_version SET version_num = '0009';
SELECT migrate_upgrade('head');
CREATE ROLE regress_other;
SELECT count(*) > 0 AS granted FROM migrate_grant('regress_other');
SET ROLE regress_other;
-- whoever may not read it does not know
SELECT problem FROM migrate_check() WHERE problem = 'not taken over';
RESET ROLE;
DROP TABLE alembic_version;
CREATE TABLE gorp_migrations (id text);
INSERT INTO gorp_migrations VALUES ('5_add.up.sql');
SELECT migrate_upgrade('head');
SELECT migrate_stamp('5_add.up');
SELECT migrate_upgrade('head') AS run;
SELECT problem FROM migrate_check();

-- A number is a revision here or there, steps have a sign, and the newest one has many names.
SELECT migrate_upgrade('latest');
SELECT migrate_upgrade('HEAD');
SELECT migrate_upgrade('9');
SELECT migrate_downgrade('2');
SELECT migrate_downgrade('0009_one');
SELECT migrate_downgrade('2024');
SELECT migrate_upgrade('haed');

-- What the server says of a new value of an enum, and what to do.
SELECT migrate_revision('enum', '5_add.up', 'Mood',
  $$CREATE TYPE mood AS ENUM ('a'); CREATE TABLE moods (m mood)$$, ''),
  migrate_revision('value', 'enum', 'Sad', $$ALTER TYPE mood ADD VALUE 'b'; ALTER TABLE moods ALTER m SET DEFAULT 'b'$$, '');
SELECT migrate_upgrade('head');

DROP EXTENSION pg_headway;
DROP TABLE schema_migrations, gorp_migrations, moods;
DROP TYPE mood;
REVOKE ALL ON SCHEMA public FROM regress_other;
DROP OWNED BY regress_other;
DROP ROLE regress_other;
