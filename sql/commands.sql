-- The commands that only look: heads, branches, show, ranges of history, current, plans from elsewhere.
CREATE EXTENSION pg_headway;
CREATE FUNCTION register(id text, parents text, labels text DEFAULT NULL, needs text DEFAULT NULL) RETURNS text
LANGUAGE sql AS $$
  SELECT migrate_revision(id, parents, 'The ' || id || E'\n\nIts reason.', 'SELECT ''up ' || id || '''', '', labels, needs)
$$;
-- nothing registered
SELECT * FROM migrate_heads();
SELECT * FROM migrate_branches();
SELECT * FROM migrate_show('head');
SELECT * FROM migrate_show('abc001');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM migrate_history(':');
SELECT * FROM migrate_current(check_heads => true);
SELECT * FROM migrate_plan(from_revisions => 'base');

--         ,- left1 (left) -- left2
--  root1 -
--         `- right1 (right) -- right2            other1 (other) -- other2, which needs left1
SELECT register('root1', NULL), register('left1', 'root1', 'left'), register('left2', 'left1');
SELECT register('right1', 'root1', 'right'), register('right2', 'right1');
SELECT register('other1', NULL, 'other'), register('other2', 'other1', NULL, 'left1');
SET client_min_messages = warning;
SELECT migrate_upgrade('left2, right1');
RESET client_min_messages;

SELECT * FROM migrate_heads();
SELECT * FROM migrate_branches();
SELECT * FROM migrate_current();

-- show
\x on
SELECT revision, down_revision, children, branch_labels, depends_on, is_head, is_branchpoint, is_mergepoint, applied, message,
  upgrade, downgrade, registered_by = current_user AS mine, registered_at <= clock_timestamp() AS before_now
FROM migrate_show('other2');
\x off
SELECT revision, applied FROM migrate_show('heads');
SELECT revision, applied FROM migrate_show('current');
SELECT revision, children FROM migrate_show('root1, left');
SELECT revision FROM migrate_show('right@head');
SELECT revision FROM migrate_show('right2-1');
SELECT revision FROM migrate_show('right@+1');
SELECT revision FROM migrate_show('right@-1');
SELECT revision FROM migrate_show('right1');
SELECT revision FROM migrate_show('oth');
SELECT revision FROM migrate_show('base');
SELECT revision FROM migrate_show('head');
SELECT revision FROM migrate_show('nowhere');
SELECT revision FROM migrate_show('');
SELECT revision FROM migrate_show(NULL);

-- ranges of history: both ends included, newest first
SELECT revision, branch_labels, applied FROM migrate_history();
SELECT array_agg(revision) FROM migrate_history('root1:left2');
SELECT array_agg(revision) FROM migrate_history('left1:');
SELECT array_agg(revision) FROM migrate_history(':right1');
SELECT array_agg(revision) FROM migrate_history('-1:left2');
SELECT array_agg(revision) FROM migrate_history('root1:current');
SELECT array_agg(revision) FROM migrate_history('-1:current');
SELECT array_agg(revision) FROM migrate_history('right1:+1');
SELECT array_agg(revision) FROM migrate_history('right@base:right@head');
SELECT array_agg(revision) FROM migrate_history('');
SELECT array_agg(revision) FROM migrate_history('left1');
\echo :LAST_ERROR_SQLSTATE
SELECT array_agg(revision) FROM migrate_history('left2:left1');
\echo :LAST_ERROR_SQLSTATE
SELECT array_agg(revision) FROM migrate_history('nowhere:');

-- at the heads?
SELECT * FROM migrate_current(check_heads => true);
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_stamp('heads');
SELECT * FROM migrate_current(check_heads => true);

-- plans from elsewhere, whatever is applied here
SELECT revision FROM migrate_plan('left2', from_revisions => 'base');
SELECT revision FROM migrate_plan('heads', from_revisions => 'left1, right1');
SELECT revision FROM migrate_plan('heads', from_revisions => 'left@head');
SELECT revision FROM migrate_plan('heads', from_revisions => 'heads');
SELECT revision FROM migrate_plan('-1', 'downgrade', from_revisions => 'right1');
SELECT revision FROM migrate_plan('base', 'downgrade', from_revisions => 'right1');
SELECT revision FROM migrate_plan('heads', from_revisions => 'root1, left1');
SELECT revision FROM migrate_plan('heads', from_revisions => 'nowhere');
SELECT revision FROM migrate_plan('heads', from_revisions => '');
SELECT * FROM headway.version ORDER BY 1;

-- while a parent is missing
SELECT migrate_stamp('base');
DELETE FROM headway.revision WHERE revision = 'root1';
SELECT revision FROM migrate_heads();
SELECT revision, down_revision FROM migrate_show('left1');
SELECT count(*) FROM migrate_history();
SELECT revision FROM migrate_show('head');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM migrate_history(':');
-- and a revision is applied that is not registered
INSERT INTO headway.version VALUES ('root1');
SELECT * FROM migrate_current();
SELECT * FROM migrate_current(check_heads => true);

DROP FUNCTION register;
DROP EXTENSION pg_headway;
