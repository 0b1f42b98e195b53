-- The guard between C++ exceptions and the server's errors, with a module made for this test.
CREATE FUNCTION guard_error() RETURNS void AS 'headway_guard_test' LANGUAGE C;
CREATE FUNCTION guard_caught() RETURNS text AS 'headway_guard_test' LANGUAGE C;
CREATE FUNCTION guard_throw(kind text, inside boolean DEFAULT false) RETURNS void AS 'headway_guard_test' LANGUAGE C;
CREATE FUNCTION guard_live() RETURNS int AS 'headway_guard_test' LANGUAGE C;
CREATE FUNCTION guard_state() RETURNS text AS 'headway_guard_test' LANGUAGE C;
CREATE FUNCTION guard_rounds(int) RETURNS text AS 'headway_guard_test' LANGUAGE C;
CREATE FUNCTION guard_memory() RETURNS bigint AS 'headway_guard_test' LANGUAGE C;
CREATE FUNCTION guard_spin() RETURNS void AS 'headway_guard_test' LANGUAGE C;
CREATE FUNCTION report(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE d text; h text; x text; s text; t text; c text; y text; n text;
BEGIN
  EXECUTE statement;
  RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT, x = PG_EXCEPTION_CONTEXT, s = SCHEMA_NAME,
    t = TABLE_NAME, c = COLUMN_NAME, y = PG_DATATYPE_NAME, n = CONSTRAINT_NAME;
  RETURN concat_ws('|', SQLSTATE, SQLERRM, d, h, s, t, c, y, n, E'\n' || x);
END $$;

-- a server error keeps every field, through C++ frames and out of the entry
SELECT guard_error();
\echo :LAST_ERROR_SQLSTATE
SELECT report('SELECT guard_error()');
SELECT guard_caught();
-- the destructors of all frames have run
SELECT guard_live();

-- exceptions become errors, thrown inside of a guard or not
SELECT guard_throw('error');
\echo :LAST_ERROR_SQLSTATE
SELECT guard_throw('bad_alloc');
\echo :LAST_ERROR_SQLSTATE
SELECT guard_throw('runtime_error');
\echo :LAST_ERROR_SQLSTATE
SELECT guard_throw('int');
\echo :LAST_ERROR_SQLSTATE
SELECT guard_throw('too large');
SELECT guard_throw('bad sqlstate');
\echo :LAST_ERROR_SQLSTATE
SELECT guard_throw('no message');
SELECT report(format('SELECT guard_throw(%L, true)', kind))
FROM unnest('{error,bad_alloc,runtime_error,int}'::text[]) AS kind;
SELECT guard_live();
-- the session's own errors come out as ever after that
SELECT 1/0;
SELECT report('SELECT 1/0');

-- nothing of the server's state is changed by it
SELECT guard_state();

-- nothing leaks: caught inside,
SELECT guard_rounds(100);
SELECT guard_rounds(10000);
-- and raised out of the entry
DO $$ BEGIN FOR i IN 1 .. 1000 LOOP PERFORM report('SELECT guard_error()'); END LOOP; END $$;
SELECT guard_memory() AS before \gset
DO $$ BEGIN FOR i IN 1 .. 10000 LOOP PERFORM report('SELECT guard_error()'), report('SELECT guard_throw(''int'')'); END LOOP; END $$;
SELECT guard_memory() - :before < 200000 AS no_growth;
SELECT guard_live();

-- a cancel and a timeout come through as what they are
SET statement_timeout = '200ms';
SELECT guard_spin();
\echo :LAST_ERROR_SQLSTATE
RESET statement_timeout;
SELECT guard_live();

DROP FUNCTION guard_error, guard_caught, guard_throw, guard_live, guard_state, guard_rounds, guard_memory, guard_spin, report;
