-- CREATE and DROP EXTENSION, settings, what a dump keeps.
CREATE SCHEMA tools;
CREATE EXTENSION pg_headway SCHEMA tools;
-- what users call is where they want it, the rest with the tables
SELECT n.nspname, bool_and(p.proname ~ '^(migrate|safe)_') AS for_users FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_headway') GROUP BY 1 ORDER BY 1;
CREATE TABLE things (id int PRIMARY KEY, n int);
INSERT INTO things VALUES (1);
SELECT tools.migrate_revision('a', NULL, 'First', $$ SELECT tools.safe_backfill('things', 'n = 1') $$, '');
\set VERBOSITY terse
SELECT tools.migrate_upgrade();
\set VERBOSITY default
SELECT * FROM things;
ALTER EXTENSION pg_headway SET SCHEMA public;
-- gone without a trace
DROP EXTENSION pg_headway;
SELECT to_regnamespace('headway');
SELECT count(*) FROM pg_proc WHERE proname LIKE 'migrate_%' OR proname LIKE 'safe_%';
CREATE EXTENSION pg_headway;
SELECT * FROM migrate_current();
SELECT migrate_upgrade();

-- what somebody has put into the schema of the extension is not taken for the server's
DROP EXTENSION pg_headway;
CREATE SCHEMA planted;
CREATE FUNCTION planted.differs(text[], text[]) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE OPERATOR planted.<> (LEFTARG = text[], RIGHTARG = text[], FUNCTION = planted.differs);
CREATE FUNCTION planted.same(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE OPERATOR planted.= (LEFTARG = text, RIGHTARG = text, FUNCTION = planted.same);
CREATE FUNCTION planted.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT '2000-01-01'::timestamptz $$;
CREATE EXTENSION pg_headway SCHEMA planted;
SELECT d.classid::regclass, count(*) FROM pg_depend d WHERE d.classid <> 'pg_proc'::regclass AND (d.refclassid, d.refobjid) IN (
  SELECT 'pg_operator'::regclass, oid FROM pg_operator WHERE oprnamespace = 'planted'::regnamespace
  UNION ALL SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE pronamespace = 'planted'::regnamespace AND prolang <> (SELECT oid FROM pg_language WHERE lanname = 'c'))
AND d.objid <> ALL (ARRAY(SELECT oid FROM pg_operator WHERE oprnamespace = 'planted'::regnamespace)) GROUP BY 1 ORDER BY 1;
DROP EXTENSION pg_headway;
SET client_min_messages = warning;
DROP SCHEMA planted CASCADE;
RESET client_min_messages;
CREATE EXTENSION pg_headway;

-- a dump keeps the rows of all tables of the extension, and its sequences; but oids mean nothing elsewhere
SELECT c.oid::regclass AS left_out FROM pg_class c, pg_extension e WHERE extname = 'pg_headway'
AND relnamespace = 'headway'::regnamespace AND relkind IN ('r', 'S') AND NOT c.oid = ANY (extconfig) ORDER BY relname;

-- settings
-- anybody may set them, none is negative; docs/settings.md has their defaults
SELECT count(*) > 5 AS seen FROM pg_settings WHERE name LIKE 'headway.%';
SELECT name, context, min_val FROM pg_settings WHERE name LIKE 'headway.%' AND (context <> 'user' OR min_val::int <> 0);
SET headway.lock_timeout = '2s';
SHOW headway.lock_timeout;
\set VERBOSITY sqlstate
SET headway.lock_timeout = -1;
\set VERBOSITY default
SET headway.lock_retry = 'long';
SET headway.lock_time = 1;
RESET headway.lock_timeout;

-- the script is for CREATE EXTENSION only
SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_headway' AND comment <> '' AND default_version = installed_version;
DROP EXTENSION pg_headway;
DROP SCHEMA tools;
DROP TABLE things;
