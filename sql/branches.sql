-- Branches, merge points, labels and dependencies.
CREATE EXTENSION pg_headway;
CREATE TABLE steps (id serial, what text);
CREATE FUNCTION register(id text, parents text, labels text DEFAULT NULL, needs text DEFAULT NULL) RETURNS text
LANGUAGE sql AS $$
  SELECT migrate_revision(id, parents, 'The ' || id,
    'INSERT INTO steps (what) VALUES (''up ' || id || ''')', 'INSERT INTO steps (what) VALUES (''down ' || id || ''')',
    labels, needs)
$$;
--        ,- left1 -- left2 (left) -.
--  root -                            merge
--        `- right1 (right) ---------'
SELECT register('root', NULL);
SELECT register('left1', 'root', 'left'), register('left2', 'left1'), register('right1', 'root', 'right');

-- several heads; the hint shows how to merge them
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_upgrade('head');
SELECT migrate_upgrade('+1');
SELECT migrate_upgrade('+1');
SELECT migrate_upgrade('left@+1');
SELECT * FROM migrate_current();
SELECT migrate_upgrade('heads');
SELECT * FROM migrate_current();
SELECT revision, down_revision, branch_labels, is_head, is_branchpoint, is_mergepoint, applied FROM migrate_history();
-- with several heads applied, steps need a branch
SELECT migrate_downgrade('-1');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_downgrade('left@-1');
SELECT * FROM migrate_current();
SELECT migrate_upgrade('left@head');
SELECT migrate_downgrade('right@root');
SELECT * FROM migrate_current();
SELECT migrate_upgrade('right1');
SELECT migrate_upgrade('right@left2');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_upgrade('rigth@head');

-- the merge point takes both rows away
SELECT register('merge', 'left2, right1');
SELECT migrate_upgrade();
SELECT * FROM headway.version;
SELECT is_mergepoint, down_revision FROM migrate_history() WHERE revision = 'merge';
-- and gives both back
SELECT migrate_downgrade('-1');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_downgrade('left2');
SELECT * FROM headway.version ORDER BY 1;
SELECT migrate_upgrade('merge');
SELECT migrate_downgrade('root');
SELECT * FROM headway.version;
SELECT migrate_upgrade();
SELECT migrate_downgrade('base');
SELECT * FROM headway.version;

-- one go, both branches
SELECT * FROM migrate_plan();
SELECT migrate_upgrade();
SELECT what FROM steps ORDER BY id DESC LIMIT 5;
SELECT revision, direction, result FROM headway.history ORDER BY id DESC LIMIT 5;

-- a second line that depends on a revision of the first without following it
SELECT register('other1', NULL, 'other'), register('other2', 'other1', NULL, 'left1');
SELECT migrate_upgrade('other@head');
SELECT * FROM migrate_current();
SELECT depends_on FROM migrate_history() WHERE revision = 'other2';
SELECT migrate_downgrade('other@base');
SELECT * FROM migrate_current();
SELECT migrate_downgrade('base');
-- what it depends on is run before it
SELECT * FROM migrate_plan('other@head');
SELECT migrate_upgrade('other2');
SELECT * FROM headway.version;
-- and goes after it
SELECT * FROM migrate_plan('root', 'downgrade');
SELECT migrate_downgrade('root');
SELECT * FROM headway.version ORDER BY 1;
SELECT migrate_upgrade('heads');
SELECT * FROM headway.version ORDER BY 1;
SELECT migrate_downgrade('base');
SELECT count(*) FROM headway.version;
-- by its label, by a prefix
SELECT register('other3', 'other2', NULL, 'right');
SELECT register('other4', 'other3', NULL, 'mer');
SELECT * FROM migrate_plan('other@head');
SELECT register('other5', 'other4', NULL, 'nothing');
SELECT migrate_upgrade('other5');
\echo :LAST_ERROR_SQLSTATE
SELECT register('other5', 'other4', NULL, 'left');
SELECT register('root', NULL, NULL, 'other5');
SELECT migrate_upgrade('heads');
\echo :LAST_ERROR_SQLSTATE
SELECT register('root', NULL);

-- stamps with branches
SELECT migrate_stamp('heads');
SELECT * FROM headway.version ORDER BY 1;
SELECT migrate_stamp('left1');
SELECT * FROM headway.version ORDER BY 1;
SELECT migrate_stamp('left2, right1');
SELECT * FROM headway.version ORDER BY 1;
SELECT migrate_stamp('root', purge => true);
SELECT * FROM headway.version ORDER BY 1;

-- rows that cannot be: a head beside one that it rests on
INSERT INTO headway.version VALUES ('left2');
SELECT migrate_upgrade('merge');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_stamp('left2');
SELECT * FROM headway.version ORDER BY 1;

DROP FUNCTION register;
DROP TABLE steps;
DROP EXTENSION pg_headway;
