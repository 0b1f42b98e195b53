-- Example 4: a value more for an enum; its downgrade refuses while rows use the value.
CREATE EXTENSION pg_headway;
\getenv abs_srcdir PG_ABS_SRCDIR
\set tables :abs_srcdir '/examples/00_tables.sql'
\set add_enum_value :abs_srcdir '/examples/06_add_enum_value.sql'
SET client_min_messages = error;
\set ECHO none
\i :tables
\i :add_enum_value
\set ECHO all
RESET client_min_messages;
SELECT migrate_revision('pqr678', 'abc123', 'Stands for the revisions between', '', '');

SELECT migrate_upgrade('pqr678');
SELECT enum_range(NULL::job_state);
SELECT migrate_upgrade('head');
SELECT enum_range(NULL::job_state);
INSERT INTO jobs (state) VALUES ('archived'), ('archived'), ('completed');

-- rows use it
SELECT migrate_downgrade('-1');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM migrate_current();
SELECT revision, direction, result, statement, line, sqlstate, message, context FROM headway.history
WHERE direction = 'downgrade';

-- none uses it any more
UPDATE jobs SET state = 'completed' WHERE state = 'archived';
SELECT migrate_downgrade('-1');
SELECT * FROM migrate_current();
-- PostgreSQL keeps the value; IF NOT EXISTS makes the way up free again
SELECT enum_range(NULL::job_state);
SELECT migrate_upgrade('head');
SELECT enum_range(NULL::job_state);

-- adding the value works in a transaction as well
SELECT migrate_downgrade('base');
BEGIN;
SELECT migrate_upgrade('head');
COMMIT;
SELECT enum_range(NULL::job_state);

SELECT migrate_downgrade('base');
DROP EXTENSION pg_headway;
