-- What files of other tools and of pg_dump hold, loaded as they are.
CREATE EXTENSION pg_headway;

-- BEGIN and COMMIT around all of it: what a revision has anyway
SELECT migrate_revision('a', NULL, 'Wrapped', E'-- first\nBEGIN;\nCREATE TABLE a (id int);\nCREATE TABLE b (id int);\nCOMMIT;\n',
                        'START TRANSACTION; DROP TABLE a, b; END');
SELECT migrate_revision('a', NULL, 'Wrapped', 'CREATE TABLE a (id int); CREATE TABLE b (id int)', 'DROP TABLE a, b');
SELECT migrate_revision('a', NULL, 'Wrapped', 'BEGIN; CREATE TABLE a (id int); CREATE TABLE b (id int); COMMIT', 'DROP TABLE a, b');
SELECT migrate_upgrade();
SELECT to_regclass('a') IS NOT NULL AND to_regclass('b') IS NOT NULL AS both;
SELECT migrate_sql('base:a');
SELECT migrate_downgrade('base');
SELECT migrate_revision('empty', 'a', '', 'BEGIN; COMMIT', '');
-- anything else of the kind is refused
SELECT migrate_revision('x', 'a', '', 'BEGIN; SELECT 1; COMMIT; SELECT 2');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_revision('x', 'a', '', 'SELECT 1; BEGIN; COMMIT');
SELECT migrate_revision('x', 'a', '', 'BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2; COMMIT');
SELECT migrate_revision('x', 'a', '', 'BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT');
SELECT migrate_revision('x', 'a', '', 'BEGIN; SELECT 1; COMMIT AND CHAIN');
SELECT migrate_revision('x', 'a', '', 'BEGIN; SELECT 1; ROLLBACK');
SELECT migrate_revision('x', 'a', '', 'BEGIN');
SELECT migrate_revision('x', 'a', '', 'BEGIN; CREATE INDEX CONCURRENTLY i ON a (id); COMMIT');
\echo :LAST_ERROR_SQLSTATE

-- a byte order mark, and what pg_dump writes for psql
SELECT migrate_revision('dump', 'a', '', U&'\FEFF' || E'--\n-- PostgreSQL database dump\n--\n\\restrict 3abcDEF\n\nSET check_function_bodies = false;\nCREATE TABLE dumped (t text DEFAULT E\'\\\\restrict x\');\n\\unrestrict 3abcDEF\n', '');
SELECT migrate_revision('dump', 'a', '', E'SET check_function_bodies = false; CREATE TABLE dumped (t text DEFAULT E\'\\\\restrict x\')', '');
SELECT migrate_revision('x', 'a', '', E'CREATE TABLE t (id int);\n  SELEC 1;\n\\restrict abc');
SELECT migrate_revision('x', 'a', '', E'\\connect other');
-- the data of a COPY
SELECT migrate_revision('x', 'a', '', E'CREATE TABLE t (id int, t text);\nCOPY t (id, t) FROM stdin;\n1\tone; or two\n2\t\\N\n\\.\nSELECT 1;\n');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_revision('x', 'a', '', E'COPY t FROM stdin;\n\\N\t2\n\\.\n');
SELECT migrate_revision('x', 'a', '', E'SELECT 1;\n1\t2\n');

-- variables of psql, placeholders of templates
SELECT migrate_revision('x', 'a', '', 'ALTER TABLE a OWNER TO :"owner"');
SELECT migrate_revision('x', 'a', '', E'INSERT INTO a\nVALUES (:\'id\')');
SELECT migrate_revision('x', 'a', '', 'INSERT INTO a VALUES (:id)');
SELECT migrate_revision('x', 'a', '', 'CREATE TABLE ${schema}.t (id int)');
SELECT migrate_revision('x', 'a', '', 'CREATE TABLE {{ schema }}.t (id int)');
SELECT migrate_revision('x', 'a', '', '{% if owner %} SELECT 1; {% endif %}');
\echo :LAST_ERROR_SQLSTATE
-- none of these is one
SELECT migrate_revision('x', 'a', '', $$ SELECT '${x}', '{{ x }}', (ARRAY[1, 2])[1:2], '1'::int, $y$:z${a}$y$ $$, '');

-- both ways in one file
SELECT migrate_revision('x', 'a', '', E'-- +goose Up\nCREATE TABLE t (id int);\n\n-- +goose Down\nDROP TABLE t;\n');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_revision('x', 'a', '', E'-- migrate:up\nCREATE TABLE t (id int);\n--migrate:down transaction:false\nDROP TABLE t;\n');
SELECT migrate_revision('x', 'a', '', E'--   +MIGRATE DOWN\nDROP TABLE t;\n');
SELECT migrate_revision('x', 'a', '', '', E'DROP TABLE t;\n-- migrate:down\nDROP TABLE t;\n');
-- in a string or a comment it is nothing
SELECT migrate_revision('x', 'a', '', E'SELECT \'\n-- +goose Down\n\', $$\n-- migrate:down\n$$; /*\n-- +migrate Down\n*/ SELECT 2; -- goose down\n-- see -- +goose Up', '');

-- the statement is shown, not the script; of a long one the lines around the error
SELECT migrate_revision('x', 'a', '', E'SELECT 1;\n\n-- two\nSELECT 2 FORM t;\nSELECT 3;\n');
SELECT migrate_revision('x', 'a', '', 'INSERT INTO t VALUES' || string_agg(format(E'\n  (%s, ''ü%s'')', i, i), ',') || E',\n  (2001, , ),' || string_agg(format(E'\n  (%s, ''ü%s'')', i, i), ',')) FROM generate_series(1, 2000) AS i;
SELECT migrate_revision('x', 'a', '', 'SELECT (' || repeat('1 + ', 300) || ')');
-- a downgrade that cannot be read may be none at all
SELECT migrate_revision('x', 'a', '', '', 'cannot be undone');

-- parents that come later: one line, and no warning
BEGIN;
SELECT migrate_revision('late1', 'later'), migrate_revision('late2', 'later, much_later');
SELECT migrate_revision('late3', 'later');
COMMIT;
SELECT problem, revision FROM migrate_check() WHERE revision LIKE 'late%';

DROP EXTENSION pg_headway;
DROP TABLE IF EXISTS a, b;
