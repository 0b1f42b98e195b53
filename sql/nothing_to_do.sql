-- A call that has nothing to do finds it out from two rows (headway.graph), which whatever changes the revisions takes back.
CREATE EXTENSION pg_headway;
SET client_min_messages = warning;
CREATE FUNCTION register(id text, parent text, up text DEFAULT 'SELECT 1') RETURNS void LANGUAGE sql AS $$
  SELECT migrate_revision(id, parent, 'Revision ' || id, up, '') $$;
CREATE VIEW known AS SELECT target, heads FROM headway.graph;
RESET client_min_messages;

SELECT * FROM known;
SELECT migrate_upgrade();
SELECT register('a', NULL), register('b', 'a');
SELECT migrate_upgrade();
SELECT * FROM known;
SELECT migrate_upgrade();
SELECT migrate_upgrade(' head ');
-- another target is found out in its turn; the last one is kept
SELECT migrate_upgrade('b');
SELECT * FROM known;
SELECT migrate_upgrade('a');
SELECT * FROM known;
-- what is relative to what is applied is done again and again
SELECT migrate_downgrade('base');
SELECT migrate_upgrade('+1');
SELECT * FROM known;
SELECT migrate_upgrade('+1');
SELECT migrate_upgrade('+1');
SELECT migrate_upgrade('head');
SELECT * FROM known;

-- every way to change the revisions: what is known is gone, and the next run sees the change
SELECT register('c', 'b');
SELECT * FROM known;
SELECT migrate_upgrade();
SELECT * FROM known;
INSERT INTO headway.revision (revision, down_revision, upgrade, downgrade) VALUES ('d', '{c}', 'SELECT 1', '');
SELECT migrate_upgrade();
SELECT * FROM known;
UPDATE headway.revision SET message = 'another one' WHERE revision = 'd';
SELECT * FROM known;
SELECT migrate_upgrade();
SELECT migrate_downgrade('c');
DELETE FROM headway.revision WHERE revision = 'd';
SELECT * FROM known;
SELECT migrate_upgrade();
SELECT migrate_upgrade();
BEGIN;
TRUNCATE headway.revision;
SELECT * FROM known;
SELECT migrate_upgrade();
ROLLBACK;
SELECT * FROM known;
SET session_replication_role = replica;
UPDATE headway.revision SET message = 'by replication' WHERE revision = 'c';
RESET session_replication_role;
SELECT * FROM known;
SELECT migrate_upgrade();

-- several changes in one transaction, runs between them, a savepoint
BEGIN;
SELECT register('e', 'c');
SELECT migrate_upgrade();
SELECT register('f', 'e');
SELECT migrate_upgrade();
SAVEPOINT s;
SELECT register('g', 'f');
ROLLBACK TO s;
SELECT migrate_upgrade();
COMMIT;
SELECT * FROM known;
SELECT migrate_upgrade();
SELECT * FROM known;
BEGIN;
SELECT migrate_upgrade();
SAVEPOINT s;
SELECT register('g', 'f');
ROLLBACK TO s;
SELECT migrate_upgrade();
SELECT register('g', 'f');
SELECT migrate_upgrade();
ROLLBACK;
SELECT migrate_upgrade();

-- the heads are another thing
SELECT migrate_stamp('e');
SELECT * FROM known;
SELECT migrate_upgrade();
DELETE FROM headway.version;
SELECT migrate_upgrade('f');
SELECT migrate_upgrade('f');
INSERT INTO headway.version VALUES ('a');
SELECT migrate_upgrade('f');
DELETE FROM headway.version WHERE revision = 'a';

-- what is checked before a run is checked as before
SELECT migrate_stamp('f', true), migrate_upgrade();
SET default_transaction_read_only = on;
SELECT migrate_upgrade();
RESET default_transaction_read_only;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT migrate_upgrade();
COMMIT;
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
SET headway.mirror_version_table = 'public.alembic_version';
SELECT migrate_upgrade();
RESET headway.mirror_version_table;

-- a row that somebody has deleted: slower, and right
DELETE FROM headway.graph;
SELECT migrate_upgrade();
SELECT register('g', 'f');
SELECT migrate_upgrade();
SELECT migrate_upgrade();

-- whoever may read may be told; a role that may not keep what it has found out runs all the same
INSERT INTO headway.graph (changed_by) VALUES (pg_current_xact_id());
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_reader;
RESET client_min_messages;
CREATE ROLE regress_reader;
GRANT USAGE ON SCHEMA headway TO regress_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA headway TO regress_reader;
REVOKE UPDATE ON headway.graph FROM regress_reader;
GRANT EXECUTE ON FUNCTION migrate_upgrade TO regress_reader;
SET ROLE regress_reader;
SELECT migrate_upgrade();
RESET ROLE;
SELECT * FROM known;
SELECT migrate_upgrade();
REVOKE ALL ON ALL TABLES IN SCHEMA headway FROM regress_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA headway TO regress_reader;
SET ROLE regress_reader;
SELECT migrate_upgrade();
RESET ROLE;
DROP OWNED BY regress_reader;
DROP ROLE regress_reader;

DROP TABLE alembic_version;
DROP VIEW known;
DROP FUNCTION register;
DROP EXTENSION pg_headway;
