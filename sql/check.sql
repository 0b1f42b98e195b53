-- migrate_check() and migrate_forget().
CREATE EXTENSION pg_headway;
CREATE FUNCTION register(id text, parents text, labels text DEFAULT NULL, needs text DEFAULT NULL) RETURNS text
LANGUAGE sql AS $$ SELECT migrate_revision(id, parents, 'The ' || id, '', '', labels, needs) $$;
SET client_min_messages = warning;
-- all is well
SELECT * FROM migrate_check();
SELECT * FROM migrate_check(reversible => true, fail => true);
SELECT register('abc001', NULL), register('abc002', 'abc001'), register('bcd003', 'abc002', 'side');
SELECT migrate_upgrade();
SELECT * FROM migrate_check(fail => true);

-- not applied yet, several heads
SELECT register('cde004', 'abc002');
SELECT migrate_revision('def005', 'cde004', 'The def005', '');
SELECT * FROM migrate_check();
SELECT * FROM migrate_check(reversible => true);
SELECT * FROM migrate_check(reversible => true, fail => true);
\echo :LAST_ERROR_SQLSTATE
-- what is missing: a dependency, a parent, a revision that is applied
SELECT register('cde004', 'abc002', NULL, 'nowhere');
SELECT register('abc002', 'abc001', NULL, NULL) AS unchanged;
DELETE FROM headway.revision WHERE revision IN ('abc001', 'bcd003');
SELECT * FROM migrate_check();
SELECT register('abc001', NULL), register('bcd003', 'abc002', 'side'), register('cde004', 'abc002');
-- a cycle, a label that is taken: written by hand, since they cannot be registered so
UPDATE headway.revision SET down_revision = '{def005}' WHERE revision = 'cde004';
SELECT * FROM migrate_check();
UPDATE headway.revision SET down_revision = '{abc002}', branch_labels = '{side}' WHERE revision = 'cde004';
SELECT * FROM migrate_check();
UPDATE headway.revision SET branch_labels = '{}' WHERE revision = 'cde004';
-- a run that has stopped in the middle
SELECT migrate_revision('def005', 'cde004', 'The def005', 'VACUUM pg_class; SELECT 1/0', '');
SELECT migrate_upgrade('def005');
SELECT * FROM migrate_check();

-- forget
SELECT migrate_forget('bcd003');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_forget('cde004');
SELECT migrate_forget('def005');
SELECT migrate_forget('side');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_forget('nowhere');
SELECT migrate_forget('');
SELECT migrate_forget(NULL);
SELECT register('abc003', 'bcd003'), register('abc004', 'abc003');
SELECT migrate_forget('abc');
\echo :LAST_ERROR_SQLSTATE
BEGIN READ ONLY;
SELECT migrate_forget('abc004');
ROLLBACK;
SELECT migrate_forget('abc003');
SELECT migrate_forget('abc004');
SELECT migrate_forget('abc0', force => true);
SELECT migrate_forget('abc003');
-- with force: what was begun, what is applied
SELECT migrate_forget('def005', force => true);
SELECT count(*) FROM headway.unfinished;
SELECT migrate_forget('bcd003', force => true);
SELECT * FROM migrate_current();
SELECT * FROM migrate_check();
SELECT register('bcd003', 'abc002');
SELECT revision, applied FROM migrate_history();
-- a revision cannot do it
SELECT migrate_revision('efa006', 'cde004', 'The efa006', 'SELECT migrate_forget(''bcd003'', true)', '');
SELECT migrate_upgrade('efa006');
\echo :LAST_ERROR_SQLSTATE

-- kinds to leave out
SELECT DISTINCT problem FROM migrate_check() ORDER BY 1;
SELECT DISTINCT problem FROM migrate_check(ignore => 'not applied, cycle') ORDER BY 1;
SELECT migrate_check(fail => true, ignore => 'not applied, several heads');
SELECT migrate_check(ignore => 'not  applied');
\echo :LAST_ERROR_SQLSTATE

-- The version is published, or comes from elsewhere.
SET client_min_messages = error;
CREATE PUBLICATION ours FOR TABLES IN SCHEMA public;
SELECT * FROM migrate_check() WHERE problem = 'replicated';
CREATE PUBLICATION everything FOR ALL TABLES;
SELECT * FROM migrate_check() WHERE problem = 'replicated';
DROP PUBLICATION everything, ours;
CREATE SUBSCRIPTION regress_headway_from CONNECTION 'dbname=regress_doesnotexist' PUBLICATION p WITH (connect = false, slot_name = NONE);
INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate) SELECT oid, 'headway.version'::regclass, 'r' FROM pg_subscription;
SELECT * FROM migrate_check() WHERE problem = 'replicated';
DELETE FROM pg_subscription_rel;
DROP SUBSCRIPTION regress_headway_from;

-- What logical replication has brought has taken ids that the sequence does not know of.
DELETE FROM headway.revision; DELETE FROM headway.version; DELETE FROM headway.history; DELETE FROM headway.unfinished;
SELECT setval('headway.step_id_seq', 1, false);
INSERT INTO headway.step (id, revision, direction, result, started_at) SELECT i, 'theirs', 'upgrade', 'done', now() FROM generate_series(1, 40) AS i;
SELECT register('a', NULL), register('b', 'a');
SELECT migrate_upgrade('head');
SELECT migrate_revision('c', 'b', 'Fails', 'SELECT 1/0', '');
SELECT migrate_upgrade('head');
SELECT id, revision, result FROM headway.history WHERE id > 39 ORDER BY id;
RESET client_min_messages;
DROP FUNCTION register;
DROP EXTENSION pg_headway;
