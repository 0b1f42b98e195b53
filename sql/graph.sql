-- migrate_graph(): text, dot, mermaid.
CREATE EXTENSION pg_headway;
CREATE FUNCTION register(id text, parents text, labels text DEFAULT NULL, needs text DEFAULT NULL) RETURNS text
LANGUAGE sql AS $$ SELECT migrate_revision(id, parents, E'The "' || id || E'"\n\nIts reason.', '', '', labels, needs) $$;
\pset format unaligned
\pset tuples_only on
SELECT migrate_graph();
SELECT migrate_graph('dot');
SELECT migrate_graph('mermaid');

SELECT register('root', NULL), register('left1', 'root', 'left'), register('left2', 'left1'), register('right1', 'root', 'right');
SELECT register('merge', 'left2, right1'), register('after', 'merge'), register('other1', NULL, 'other');
SELECT register('other2', 'other1', NULL, 'left1'), register('hot', 'left2');
SELECT migrate_stamp('left1, right1');
SELECT migrate_graph();
SELECT migrate_graph('dot');
SELECT migrate_graph('mermaid');
-- an edge that crosses others
SELECT register('hot2', 'hot'), register('far', 'hot, other2, root'), register('last', 'far, after, right1');
SELECT migrate_graph();

-- what is missing: a parent, a dependency, a revision that is applied
DELETE FROM headway.revision WHERE revision IN ('left1', 'root', 'hot2', 'far', 'last');
SELECT migrate_graph();
SELECT migrate_graph('dot') LIKE '%"left1" [label="left1 (missing) (current)", style="rounded,dashed"]%';
DELETE FROM headway.revision;
SELECT migrate_graph();

-- no such format; no graph
SELECT migrate_graph('svg');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_graph(NULL);
SELECT register('one', 'two'), register('two', 'one');
SELECT migrate_graph();
\echo :LAST_ERROR_SQLSTATE
\pset format aligned
\pset tuples_only off
DROP FUNCTION register;
DROP EXTENSION pg_headway;
