-- Example 6: a unique constraint, with and without duplicates.
CREATE EXTENSION pg_headway;
\getenv abs_srcdir PG_ABS_SRCDIR
\set tables :abs_srcdir '/examples/00_tables.sql'
\set add_unique_constraint :abs_srcdir '/examples/08_add_unique_constraint.sql'
SET client_min_messages = error;
\set ECHO none
\i :tables
\i :add_unique_constraint
\set ECHO all
RESET client_min_messages;
SELECT migrate_revision('vwx234', 'abc123', 'Stands for the revisions between', '', '');
SELECT migrate_upgrade('vwx234');
INSERT INTO users (email) VALUES ('a@example.com'), ('b@example.com'), ('a@example.com'), (NULL), (NULL);

-- duplicates: nothing is done
SELECT migrate_upgrade('head');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM pg_constraint WHERE conname = 'users_email_unique';
SELECT * FROM migrate_current();

-- cleaned up
DELETE FROM users WHERE id = 3;
SELECT migrate_upgrade('head');
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'users_email_unique';
INSERT INTO users (email) VALUES ('b@example.com');

SELECT migrate_downgrade('-1');
SELECT count(*) FROM pg_constraint WHERE conname = 'users_email_unique';
INSERT INTO users (email) VALUES ('b@example.com');
SELECT migrate_upgrade('head');
DELETE FROM users WHERE id > 4;
SELECT migrate_upgrade('head');
SELECT direction, result, statement, line, sqlstate, message FROM headway.history WHERE revision = 'yza567' ORDER BY id;

-- the same in a transaction
SELECT migrate_downgrade('vwx234');
INSERT INTO users (email) VALUES ('a@example.com');
BEGIN;
SELECT migrate_upgrade('head');
ROLLBACK;
SELECT * FROM migrate_current();

SELECT migrate_downgrade('base');
DROP EXTENSION pg_headway;
