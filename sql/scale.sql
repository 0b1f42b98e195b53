-- What is read: never the scripts of revisions that do not run, and never the whole table to register one more.
CREATE EXTENSION pg_headway;
\set VERBOSITY terse

-- blocks of stored scripts, and scans of the whole table, that this transaction has made so far
CREATE VIEW work_done AS
SELECT pg_stat_get_xact_blocks_fetched(reltoastrelid) AS script_blocks, pg_stat_get_xact_numscans(oid) AS scans
FROM pg_class WHERE oid = 'headway.revision'::regclass;

-- a chain with scripts that are too long to be in the row
INSERT INTO headway.revision (revision, down_revision, message, upgrade, downgrade)
SELECT 'r' || i, CASE WHEN i > 1 THEN ARRAY['r' || i - 1] ELSE '{}' END, 'Step ' || i, script, script
FROM generate_series(1, 1000) AS i,
     LATERAL (SELECT format('SELECT %L', string_agg(md5((1000 * i + j)::text), '')) FROM generate_series(1, 320) AS j) AS s (script);
SELECT min(length(upgrade)) AS shortest, bool_or(pg_column_size(upgrade) < 4000) AS compressed FROM headway.revision;
SELECT migrate_stamp('r990');

BEGIN;
SELECT script_blocks FROM work_done \gset before_
SELECT count(*) FROM migrate_plan('r990');
SELECT count(*) FROM migrate_plan('head');
SELECT count(*) FROM migrate_plan('base', 'downgrade');
SELECT count(*) FROM migrate_history();
SELECT count(*) FROM migrate_current(), migrate_heads();
SELECT count(*) FROM migrate_check();
SELECT length(migrate_graph()) > 0, length(migrate_graph('dot')) > 0, length(migrate_graph('mermaid')) > 0;
SELECT migrate_upgrade('r990');
SELECT script_blocks - :before_script_blocks AS script_blocks FROM work_done;
-- one that is shown is read; the figure counts
SELECT length(upgrade) FROM migrate_show('r1');
SELECT script_blocks > :before_script_blocks AS has_read FROM work_done;
COMMIT;

-- of ten that run, ten are read: with their TOAST index a few blocks each
BEGIN;
SELECT script_blocks FROM work_done \gset before_
SET LOCAL client_min_messages = warning;
SELECT migrate_upgrade('head');
SELECT script_blocks - :before_script_blocks BETWEEN 10 AND 200 AS reads_only_those FROM work_done;
COMMIT;

BEGIN;
SELECT scans FROM work_done \gset before_
SELECT migrate_revision('s1', 'r1000', 'One more', 'SELECT 1', '');
SELECT migrate_revision('s' || i, 's' || i - 1, 'One more', 'SELECT 1', '', branch_labels => 'label' || i)
FROM generate_series(2, 9) AS i;
SELECT migrate_revision('s1', 'r1000', 'One more', 'SELECT 1', '');
SELECT scans - :before_scans AS scans FROM work_done;
-- and yet no name can be had twice
SAVEPOINT s;
SELECT migrate_revision('t1', 's9', 'Taken', '', '', branch_labels => 'label7');
ROLLBACK TO s;
SELECT migrate_revision('label7', 's9', 'Taken', '', '');
ROLLBACK TO s;
SELECT migrate_revision('t1', 's9', 'Taken', '', '', branch_labels => 'r500');
ROLLBACK TO s;
SELECT scans - :before_scans AS scans FROM work_done;
COMMIT;

DROP VIEW work_done;
DROP EXTENSION pg_headway CASCADE;
