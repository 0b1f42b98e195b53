-- Scripts with the line ends of any editor: what runs is what was read when it was registered, all of it and once.
CREATE EXTENSION pg_headway;
SET client_min_messages = warning;
CREATE FUNCTION made() RETURNS TABLE (name name) LANGUAGE sql AS
  $$ SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname ~ '^t_' ORDER BY 1 $$;

SELECT migrate_revision('cr', NULL, E'Made on an old Mac\rDROP TABLE t_a', E'-- first\rCREATE TABLE t_a (i int);\r-- second\rCREATE TABLE t_b (i int);\rCREATE TABLE t_c (i int) -- third\r',
  E'DROP TABLE t_a;-- one\rDROP TABLE t_b; DROP TABLE t_c');
SELECT migrate_revision('crlf', 'cr', 'Made on Windows', E'-- first\r\nCREATE TABLE t_d (i int);\r\n/* a\r\n; */\r\nCREATE TABLE t_e (i int);\r\n',
  E'DROP TABLE t_d; -- one\r\nDROP TABLE t_e\r\n');
SELECT migrate_revision('lf', 'crlf', 'Made here', E'-- first\nCREATE TABLE t_f (i int);\n\nCREATE TABLE t_g (i int)', E'DROP TABLE t_f, t_g');
SELECT migrate_upgrade('head');
SELECT * FROM made();
SELECT migrate_downgrade('base');
SELECT * FROM made();
-- and statement by statement
SELECT migrate_revision('by_one', 'lf', 'By one', E'-- a\rCREATE TABLE t_h (i int);\rCREATE INDEX CONCURRENTLY -- b\rt_h_i ON t_h (i);\r\r--c\rINSERT INTO t_h VALUES (1)', '');
SELECT migrate_upgrade('head');
SELECT i FROM t_h;
-- line ends do not make another script
SELECT migrate_revision('by_one', 'lf', 'By one', E'-- a\nCREATE TABLE t_h (i int);\nCREATE INDEX CONCURRENTLY -- b\nt_h_i ON t_h (i);\n\n--c\nINSERT INTO t_h VALUES (1)', '');

-- the line of a mistake
SELECT migrate_revision('x', 'by_one', 'Mistaken', E'SELECT 1;\rSELECT 2;\r\nSELEC 3', '');
SELECT migrate_revision('x', 'by_one', 'Mistaken', E'SELECT 1;\r\nSELECT 2;\r\r\nCOMMIT', '');
SELECT migrate_revision('x', 'by_one', 'Fails', E'SELECT 1;\rSELECT 2;\r\r\nSELECT 1/0', '');
SELECT migrate_upgrade('head');
SELECT line FROM headway.history WHERE result = 'failed';

-- as a script for another database: no comment ends before its line does
SELECT regexp_replace(script, E'\r', '<CR>', 'g') AS script FROM migrate_sql('base:crlf') AS script \gx (format=unaligned tuples_only)

DROP EXTENSION pg_headway;
DROP TABLE t_h;
DROP FUNCTION made;
