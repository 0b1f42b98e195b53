-- A statement that waits by design runs without our lock_timeout; what follows it has it again, also when the
-- statement's own transaction is undone and it is tried again.
CREATE EXTENSION pg_headway;
SET headway.lock_timeout = 50;
CREATE TABLE t (id int PRIMARY KEY, v int);
INSERT INTO t SELECT g, greatest(g, 2) FROM generate_series(1, 100) AS g;
CREATE TABLE seen (what text, lock_timeout text);
SELECT migrate_revision('a1', NULL, 'Index t', $up$
  INSERT INTO seen VALUES ('before', current_setting('lock_timeout'));
  CREATE INDEX CONCURRENTLY t_v ON t (v);
  INSERT INTO seen VALUES ('after', current_setting('lock_timeout'));
$up$, '');

-- the position after the index cannot be saved at the first try
CREATE SEQUENCE saves;
CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.statements_done = 2 AND nextval('public.saves') = 1 THEN
    RAISE EXCEPTION 'not now' USING ERRCODE = 'lock_not_available';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER fail_once BEFORE UPDATE ON headway.unfinished FOR EACH ROW EXECUTE FUNCTION fail_once();
SELECT migrate_upgrade('head');
SELECT * FROM seen;
SELECT indisvalid FROM pg_index WHERE indexrelid = 't_v'::regclass;
SELECT result, lock_tries FROM headway.history;
DROP TRIGGER fail_once ON headway.unfinished;

-- an error in a later transaction of a statement comes out with every field, again and again
SELECT migrate_revision('b1', 'a1', 'Unique index', 'CREATE UNIQUE INDEX CONCURRENTLY t_unique ON t (v)', '');
\set VERBOSITY terse
SELECT migrate_upgrade('head');
SELECT migrate_upgrade('head');
SELECT sqlstate, detail, context FROM headway.history WHERE result = 'failed';

DROP EXTENSION pg_headway;
DROP TABLE t, seen;
DROP SEQUENCE saves;
DROP FUNCTION fail_once();
