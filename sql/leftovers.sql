-- What REINDEX CONCURRENTLY leaves behind is dropped before it is tried again; an index that is there already is
-- skipped only when it is the one that was asked for.
CREATE EXTENSION pg_headway;
CREATE TABLE t (id int, name text COLLATE "C", n int);
CREATE TABLE other (id int);
CREATE INDEX t_idx ON t (id);
CREATE FUNCTION pg_temp.indexes(OUT index name, OUT valid boolean) RETURNS SETOF record LANGUAGE sql AS $$
  SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  WHERE i.indrelid IN ('public.t'::regclass, 'public.other'::regclass,
                       (SELECT reltoastrelid FROM pg_class WHERE oid = 'public.t'::regclass))
  AND c.relname !~ '^pg_toast_\d+_index$' ORDER BY c.relname
$$;
CREATE FUNCTION pg_temp.spoil(VARIADIC indexes regclass[]) RETURNS void LANGUAGE sql AS $$
  UPDATE pg_index SET indisvalid = false WHERE indexrelid = ANY (indexes)
$$;

-- those of this table only, and only what is INVALID and named like that
CREATE INDEX t_idx_ccnew ON t (id);
CREATE INDEX t_idx_ccnew1 ON t (id);
CREATE INDEX t_idx_ccold ON t (id);
CREATE INDEX valid_ccnew ON t (id);
CREATE INDEX t_ccnewer ON t (id);
CREATE INDEX other_ccnew ON other (id);
SELECT pg_temp.spoil('t_idx_ccnew', 't_idx_ccnew1', 't_idx_ccold', 't_ccnewer', 'other_ccnew');
SELECT migrate_revision('a', NULL, 'An index rebuilt', 'REINDEX INDEX CONCURRENTLY t_idx', '');
SELECT migrate_upgrade('a');
SELECT * FROM pg_temp.indexes();
-- the index that is to be built again is none of them
SELECT migrate_revision('b', 'a', 'A leftover rebuilt', 'REINDEX INDEX CONCURRENTLY t_idx_ccnew', '');
CREATE INDEX t_idx_ccnew ON t (id);
CREATE INDEX t_idx_ccold ON t (id);
SELECT pg_temp.spoil('t_idx_ccnew', 't_idx_ccold');
SELECT migrate_upgrade('b');
SELECT * FROM pg_temp.indexes();
-- a schema, and only that
CREATE SCHEMA "Another";
CREATE TABLE "Another".t2 (id int, wide text);
CREATE INDEX t2_idx_ccnew ON "Another".t2 (id);
SELECT pg_temp.spoil('"Another".t2_idx_ccnew');
CREATE INDEX t_idx_ccnew2 ON t (id);
SELECT pg_temp.spoil('t_idx_ccnew2');
SELECT migrate_revision('s', 'b', 'A schema rebuilt', 'REINDEX SCHEMA CONCURRENTLY "Another"', '');
SELECT migrate_upgrade('s');
SELECT * FROM pg_temp.indexes();
SELECT indexrelid::regclass FROM pg_index WHERE indrelid = '"Another".t2'::regclass;
DROP TABLE "Another".t2;
DROP SCHEMA "Another";
SELECT migrate_stamp('b');
SELECT migrate_forget('s');
DROP INDEX t_idx_ccnew2;
-- a table with its TOAST table, and partitions
CREATE TABLE p (id int) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE INDEX p_idx ON p (id);
CREATE INDEX p1_id_idx_ccold ON p1 (id);
SELECT pg_temp.spoil('t_idx_ccnew', 'p1_id_idx_ccold');
SELECT migrate_revision('c', 'b', 'Tables rebuilt', 'REINDEX TABLE CONCURRENTLY t; REINDEX (CONCURRENTLY) TABLE p;
REINDEX INDEX CONCURRENTLY p_idx', '');
-- the server's own words on an INVALID index change from version to version
SET client_min_messages = error;
SELECT migrate_upgrade('c');
RESET client_min_messages;
SELECT * FROM pg_temp.indexes();
SELECT to_regclass('p1_id_idx_ccold');
-- CREATE INDEX CONCURRENTLY IF NOT EXISTS
DROP TABLE t, other, p;
DROP EXTENSION pg_headway;
CREATE EXTENSION pg_headway;
CREATE TABLE t (id int, name text COLLATE "C", n int);
CREATE TABLE other (id int);
-- Makes the index as it is, and asks for it as it is wanted.
CREATE FUNCTION pg_temp.make(existing text, wanted text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM headway.unfinished;
  DELETE FROM headway.version;
  EXECUTE 'CREATE ' || existing;
  PERFORM migrate_revision('x', NULL, 'An index', 'CREATE ' || replace(wanted, 'INDEX i', 'INDEX CONCURRENTLY IF NOT EXISTS i'), '');
END $$;
-- the same: skipped
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT pg_temp.make('INDEX i ON t (id)', 'INDEX i ON public.t USING btree (id ASC NULLS LAST)') \gset
SELECT migrate_upgrade();
DROP INDEX i;
SELECT pg_temp.make('UNIQUE INDEX i ON t (lower(name), (n + 1)) INCLUDE (id) WHERE n > 0 AND id IS NOT NULL', 'UNIQUE INDEX i ON t (LOWER(name), (n+1)) INCLUDE (id) WHERE (n > 0) AND (id IS NOT NULL)') \gset
SELECT migrate_upgrade();
DROP INDEX i;
SELECT pg_temp.make('INDEX i ON t (name text_pattern_ops DESC)', 'INDEX i ON t ((name) COLLATE "C" text_pattern_ops DESC NULLS FIRST)') \gset
SELECT migrate_upgrade();
DROP INDEX i;
SELECT pg_temp.make('INDEX i ON t USING brin (id)', 'INDEX i ON t USING brin (id int4_minmax_ops)') \gset
SELECT migrate_upgrade();
DROP INDEX i;
SELECT pg_temp.make('UNIQUE INDEX i ON t (id) NULLS NOT DISTINCT', 'UNIQUE INDEX i ON t (id) NULLS NOT DISTINCT') \gset
SELECT migrate_upgrade();
DROP INDEX i;
-- another one: refused
SELECT pg_temp.make('INDEX i ON other (id)', 'INDEX i ON t (id)') \gset
SELECT migrate_upgrade();
DROP INDEX i;
SELECT pg_temp.make('INDEX i ON t (n)', 'INDEX i ON t (id)') \gset
SELECT migrate_upgrade();
DROP INDEX i;
SELECT pg_temp.make('INDEX i ON t (id, n)', 'INDEX i ON t (id)') \gset
SELECT migrate_upgrade();
DROP INDEX i;
SELECT pg_temp.make('INDEX i ON t (id) INCLUDE (n)', 'INDEX i ON t (id, n)') \gset
SELECT migrate_upgrade();
DROP INDEX i;
SELECT pg_temp.make('INDEX i ON t (id)', 'UNIQUE INDEX i ON t (id)') \gset
SELECT migrate_upgrade();
DROP INDEX i;
SELECT pg_temp.make('UNIQUE INDEX i ON t (id)', 'UNIQUE INDEX i ON t (id) NULLS NOT DISTINCT') \gset
SELECT migrate_upgrade();
DROP INDEX i;
SELECT pg_temp.make('INDEX i ON t (id)', 'INDEX i ON t USING hash (id)') \gset
SELECT migrate_upgrade();
DROP INDEX i;
SELECT pg_temp.make('INDEX i ON t (id)', 'INDEX i ON t (id DESC)') \gset
SELECT migrate_upgrade();
DROP INDEX i;
SELECT pg_temp.make('INDEX i ON t (id)', 'INDEX i ON t (id NULLS FIRST)') \gset
SELECT migrate_upgrade();
DROP INDEX i;
SELECT pg_temp.make('INDEX i ON t (name)', 'INDEX i ON t (name text_pattern_ops)') \gset
SELECT migrate_upgrade();
DROP INDEX i;
SELECT pg_temp.make('INDEX i ON t (name)', 'INDEX i ON t (name COLLATE "POSIX")') \gset
SELECT migrate_upgrade();
DROP INDEX i;
SELECT pg_temp.make('INDEX i ON t (lower(name))', 'INDEX i ON t (upper(name))') \gset
SELECT migrate_upgrade();
DROP INDEX i;
SELECT pg_temp.make('INDEX i ON t (id)', 'INDEX i ON t ((id + 0))') \gset
SELECT migrate_upgrade();
DROP INDEX i;
SELECT pg_temp.make('INDEX i ON t (id) WHERE n > 0', 'INDEX i ON t (id)') \gset
SELECT migrate_upgrade();
DROP INDEX i;
SELECT pg_temp.make('INDEX i ON t (id) WHERE n > 0', 'INDEX i ON t (id) WHERE n > 1') \gset
SELECT migrate_upgrade();
DROP INDEX i;
SELECT pg_temp.make('TABLE i ()', 'INDEX i ON t (id)') \gset
SELECT migrate_upgrade();
DROP TABLE i;
-- what it says
\set VERBOSITY default
SELECT pg_temp.make('INDEX i ON t (id)', 'UNIQUE INDEX i ON t (id)') \gset
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
DROP INDEX i;
SELECT pg_temp.make('TABLE i ()', 'INDEX i ON t (id)') \gset
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
DROP TABLE i;
-- without IF NOT EXISTS the server refuses by itself, whatever the definition; it is gone, so it is built
DELETE FROM headway.unfinished;
CREATE INDEX i ON t (id);
SELECT migrate_revision('x', NULL, 'An index', 'CREATE INDEX CONCURRENTLY i ON t (id)', '');
SELECT migrate_upgrade();
\echo :LAST_ERROR_SQLSTATE
DROP INDEX i;
RESET client_min_messages;
SELECT migrate_upgrade();
DROP TABLE t, other;
DROP EXTENSION pg_headway;
