-- migrate_template() and migrate_merge(): the text of a new revision, which loads.
CREATE EXTENSION pg_headway;
\pset format unaligned
\pset tuples_only on
-- the date and a fresh id differ each time
CREATE FUNCTION steady(text) RETURNS text LANGUAGE sql AS $$
  SELECT regexp_replace(regexp_replace($1, '\m[0-9a-f]{12}\M', '<fresh id>', 'g'),
    '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}', '<date>')
$$;
SELECT steady(migrate_template('Create the first tables'));
SELECT migrate_template('x') ~ E'\n-- Revision ID: ([0-9a-f]{12})\n.*revision      => ''\\1'',\n';
SELECT migrate_template('x') <> migrate_template('x') AS fresh;
-- it loads, as a file of psql and as a statement
SELECT migrate_template('Create the first tables', rev_id => 'abc123') AS file \gset
:file
SELECT * FROM migrate_show('abc123') \gset
\echo :message / :is_head
SELECT migrate_upgrade();
SELECT migrate_downgrade('base');
-- the next one follows the head
SELECT steady(migrate_template(E'It''s 5% of C:\\ $up$\n\nLine two\nSELECT now();', rev_id => 'def456'));
SELECT migrate_template(E'It''s 5% of C:\\ $up$\n\nLine two\nSELECT now();', rev_id => 'def456') AS file \gset
:file
SELECT message = E'It''s 5% of C:\\ $up$\n\nLine two\nSELECT now();' FROM migrate_show('def456');
SELECT steady(migrate_template());

-- a branch needs splice
SELECT migrate_template('Side', head => 'abc123');
\echo :LAST_ERROR_SQLSTATE
SELECT steady(migrate_template('Side', 'abc123', splice => true, branch_label => 'side', depends_on => 'def', rev_id => 'side01'));
SELECT migrate_template('Side', 'abc123', splice => true, branch_label => 'side', depends_on => 'def', rev_id => 'side01') AS file \gset
:file
-- several heads
SELECT migrate_template('Which?');
\echo :LAST_ERROR_SQLSTATE
SELECT substring(migrate_template('On side', 'side@head', depends_on => 'side') from 'down_revision[^\n]*');
SELECT substring(migrate_template('On side', 'side@head', depends_on => 'side') from 'depends_on[^\n]*');
SELECT substring(migrate_template('Both', 'heads') from 'Revises: [^\n]*');
SELECT substring(migrate_template('A base', 'base', branch_label => 'apart, away') from 'down_revision.*\n  depends');
-- merge them
SELECT steady(migrate_merge('heads'));
SELECT steady(migrate_merge('side01, def456', 'Both', rev_id => 'both01'));
SELECT migrate_merge('heads', 'Both', rev_id => 'both01') AS file \gset
:file
SELECT revision, down_revision, is_mergepoint FROM migrate_heads() JOIN migrate_history() USING (revision);

-- refused
SELECT migrate_merge('heads');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_merge('def456, both01');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_merge('');
SELECT migrate_merge(NULL);
SELECT migrate_template('x', 'nowhere');
SELECT migrate_template('x', NULL);
SELECT migrate_template('x', rev_id => 'abc123');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_template('x', rev_id => 'abc-124');
SELECT migrate_template('x', 'base', branch_label => 'side');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_template('x', 'base', branch_label => 'a b');
SELECT migrate_template('x', 'base', depends_on => 'nowhere');
SELECT migrate_template('x', 'base', depends_on => 'a,,b');
-- nothing is written
BEGIN READ ONLY;
SELECT migrate_template('x', 'base') <> '';
ROLLBACK;
-- called by its schema where the search_path does not find it
SET search_path = pg_catalog;
SELECT substring(public.migrate_template('x', 'base') FROM 'SELECT [^(]*');
RESET search_path;
\pset format aligned
\pset tuples_only off
DROP FUNCTION steady;
DROP EXTENSION pg_headway;
