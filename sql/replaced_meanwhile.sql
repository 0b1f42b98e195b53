-- What a run has checked must still hold when the script's turn comes: another session may register meanwhile. An
-- earlier revision of the same run stands in for it here.
CREATE EXTENSION pg_headway;
CREATE ROLE regress_headway_late;
SELECT migrate_revision('a', NULL, 'Makes room', $$
  UPDATE headway.revision SET upgrade = 'CREATE ROLE regress_headway_made SUPERUSER', registered_by = 'regress_headway_late'
  WHERE revision = 'b'
$$, '');
SELECT migrate_revision('b', 'a', 'Harmless', 'CREATE TABLE b ()', 'DROP TABLE b');

-- in a worker
SELECT migrate_upgrade('head');
SELECT revision FROM headway.version;
SELECT count(*) FROM pg_roles WHERE rolname = 'regress_headway_made';

-- in the caller's transaction
SELECT migrate_stamp('base');
SELECT migrate_revision('b', 'a', 'Harmless', 'CREATE TABLE b ()', 'DROP TABLE b');
BEGIN;
SELECT migrate_upgrade('head');
ROLLBACK;

-- a downgrade that is gone is not an empty one
SELECT migrate_revision('c', 'b', 'Takes the way back away',
  '', $$UPDATE headway.revision SET downgrade = NULL WHERE revision = 'b'$$);
SELECT migrate_stamp('c');
SELECT migrate_downgrade('a');
SELECT revision FROM headway.version;

DROP EXTENSION pg_headway;
DROP ROLE regress_headway_late;
