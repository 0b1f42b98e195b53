-- Targets: where upgrades and downgrades go on one line of history, and what is no target.
CREATE EXTENSION pg_headway;
CREATE TABLE steps (id serial, what text);
CREATE FUNCTION register(id text, parent text) RETURNS text LANGUAGE sql AS $$
  SELECT migrate_revision(id, parent, 'The ' || id,
    'INSERT INTO steps (what) VALUES (''up ' || id || ''')', 'INSERT INTO steps (what) VALUES (''down ' || id || ''')')
$$;
SELECT register('abc001', NULL), register('abc002', 'abc001'), register('bcd003', 'abc002'), register('cde004', 'bcd003');

-- nothing there yet
SELECT * FROM migrate_current();
SELECT revision, down_revision, message, is_head, applied FROM migrate_history();
SELECT migrate_downgrade('base');
SELECT migrate_downgrade('-1');
\echo :LAST_ERROR_SQLSTATE

-- each form
SELECT migrate_upgrade('abc001');
SELECT migrate_upgrade('bcd');
SELECT migrate_upgrade('bcd003');
SELECT migrate_upgrade('+1');
SELECT migrate_upgrade('head');
SELECT migrate_upgrade('heads');
SELECT migrate_upgrade();
SELECT * FROM migrate_current();
SELECT migrate_downgrade('-2');
SELECT migrate_upgrade('abc002+1');
SELECT migrate_downgrade('bcd003-1');
SELECT migrate_upgrade(' head ');
SELECT migrate_downgrade('abc001');
SELECT migrate_upgrade('cde004-1');
SELECT migrate_downgrade('base');
SELECT migrate_upgrade('+2');
SELECT migrate_downgrade('-2');
SELECT migrate_upgrade('base');
SELECT what FROM steps ORDER BY id;

-- too many steps
SELECT migrate_upgrade('+5');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_upgrade('abc001+4');
SELECT migrate_upgrade('abc001');
SELECT migrate_downgrade('-2');
SELECT migrate_downgrade('abc001-2');
SELECT migrate_upgrade('abc001-1');
SELECT migrate_upgrade('+99999999999999999999');
-- unknown, nearly right, not unique
SELECT migrate_upgrade('nowhere');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_upgrade('abc01');
SELECT migrate_upgrade('bdc003');
SELECT migrate_upgrade('haed');
SELECT migrate_downgrade('bsae');
SELECT migrate_upgrade('HEAD');
SELECT migrate_upgrade('abc');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_upgrade('a');
-- the wrong way
SELECT migrate_upgrade('-1');
SELECT migrate_downgrade('+1');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_upgrade('+0');
SELECT migrate_upgrade('current');
SELECT migrate_downgrade('bcd003');
SELECT migrate_downgrade('head');
\echo :LAST_ERROR_SQLSTATE
-- malformed
SELECT migrate_upgrade('');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_upgrade('+');
SELECT migrate_upgrade('+1x');
SELECT migrate_upgrade('+-1');
SELECT migrate_upgrade('@head');
SELECT migrate_upgrade('main@');
SELECT migrate_upgrade('a@b@c');
SELECT migrate_upgrade('abc001:cde004');
SELECT migrate_upgrade('abc001 cde004');
SELECT migrate_upgrade('main@head');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_upgrade(NULL);
SELECT migrate_downgrade(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_upgrade('x''; DROP TABLE steps; --');
-- several at once must not overlap
SELECT migrate_upgrade('abc002, cde004');
\echo :LAST_ERROR_SQLSTATE
-- after all of that
SELECT * FROM migrate_current();

-- plans, both ways; they run nothing
SELECT * FROM migrate_plan();
SELECT * FROM migrate_plan('+1');
SELECT * FROM migrate_plan('base', 'downgrade');
SELECT * FROM migrate_plan('abc001');
SELECT * FROM migrate_plan('nowhere');
SELECT * FROM migrate_plan('head', 'sideways');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM migrate_plan(NULL);
SELECT * FROM migrate_plan('head', NULL);
BEGIN READ ONLY;
SELECT count(*) FROM migrate_plan();
SELECT count(*) FROM migrate_current();
SELECT count(*) FROM migrate_history();
ROLLBACK;

-- stamps
SELECT migrate_stamp('cde004');
SELECT * FROM migrate_current();
SELECT migrate_upgrade();
SELECT migrate_stamp('head');
SELECT migrate_stamp('abc');
SELECT migrate_stamp('nowhere');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_stamp('');
SELECT migrate_stamp(NULL);
BEGIN READ ONLY;
SELECT migrate_stamp('base');
ROLLBACK;
BEGIN;
SELECT migrate_stamp('abc001');
ROLLBACK;
SELECT * FROM migrate_current();
SELECT migrate_stamp('base');
SELECT * FROM migrate_current();
SELECT count(*) FROM steps;
SELECT revision, direction, result FROM headway.history WHERE direction = 'stamp' ORDER BY id;

-- a head of this database that is not registered
SELECT migrate_stamp('cde004');
DELETE FROM headway.revision WHERE revision = 'cde004';
SELECT * FROM migrate_current();
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_downgrade('-1');
SELECT migrate_stamp('bcd003');
SELECT migrate_stamp('bcd003', purge => true);
SELECT * FROM migrate_current();

-- a parent that is missing when it is needed
SELECT migrate_stamp('base');
DELETE FROM headway.revision WHERE revision = 'abc002';
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM migrate_plan();
SELECT count(*) FROM migrate_history();
-- a cycle
SELECT register('abc002', 'bcd003');
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM migrate_history();
-- nothing registered at all
DELETE FROM headway.revision;
SELECT migrate_upgrade();
SELECT migrate_upgrade('+1');
SELECT migrate_upgrade('abc');
SELECT count(*) FROM migrate_history();
SELECT migrate_stamp('head');

DROP FUNCTION register;
DROP TABLE steps;
DROP EXTENSION pg_headway;
