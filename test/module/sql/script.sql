-- The statements of a script, as they are run one by one, are those that the server's parser sees in the whole text.
CREATE FUNCTION script_compare(text) RETURNS text AS 'headway_guard_test', 'script_compare' LANGUAGE C STRICT;
SELECT script_compare('SELECT 1'), script_compare(''), script_compare(E' ; \r;\n-- nothing\r');
-- comments end with LF and with CR
SELECT script_compare(E'-- first\rSELECT 1;\rSELECT 2'), script_compare(E'SELECT 1;-- a\r-- b\rSELECT 2 -- c\r; /* ; */ SELECT 3');
SELECT script_compare(E'SELECT 1;\f\tSELECT 2'), script_compare(E'/* /* nested */ -- ; */ SELECT 1; -- /* \rSELECT 2 /* */');
-- strings are read as standard_conforming_strings = on says, whatever the session does
SELECT current_setting('server_version_num')::int < 190000 AS has_others \gset
\if :has_others
SET escape_string_warning = off;
SET standard_conforming_strings = off;
\endif
SELECT script_compare($$SELECT 'a\'; COMMIT; SELECT 'b$$), script_compare($$SELECT 'a\'; SELECT 'b'$$), script_compare($$SELECT E'a\'; COMMIT'$$);
RESET standard_conforming_strings;

-- random texts: statements between fillers of all kinds, and now and then something that may spoil it all
SELECT setseed(0.42);
SET client_min_messages = error;  -- names are cut
CREATE FUNCTION draw(pieces text[]) RETURNS text LANGUAGE sql VOLATILE AS
  'SELECT pieces[1 + floor(random() * array_length(pieces, 1))::int]';
CREATE FUNCTION draw_filler() RETURNS text LANGUAGE sql VOLATILE AS $$
  SELECT string_agg(draw(ARRAY[' ', ';', E'\n', E'\r', E'\r\n', E'\t', E'\f', E'--x;\n', E'--\n', E'-- ''\r', E'--\r\n', '/* ; */', E'/* /*\r*/ -- */', E'/*\r*/']), '')
  FROM generate_series(0, floor(random() * 4)::int)
$$;
CREATE FUNCTION draw_statement() RETURNS text LANGUAGE sql VOLATILE AS $body$
  SELECT draw(ARRAY['SELECT 1', 'SELECT-1', 'SELECT /* ; */ ''a;''', 'SELECT ''\''', 'SELECT E''\'';''', 'SELECT $a$ $$ ; $a$',
    'SELECT 1 AS "a;b"', E'SELECT ''a''\r''b''', E'SELECT ''a'' -- c\r''b''', 'SELECT U&''\0061'' UESCAPE ''!''', 'SELECT U&"d\0061t" FROM t',
    'SELECT 1 AS ü, ''語''', 'CREATE TABLE d(i int)', 'SELECT a <--> b', E'SELECT 1 -- c\r, 2', E'SELECT 1 -- c\n', 'SELECT 1 NOT /* ; */ IN (1)',
    'CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END', 'DO $$BEGIN NULL; END$$',
    'CREATE RULE r AS ON INSERT TO d DO ALSO (SELECT 1; SELECT 2)', 'SELECT B''1'', x''f'', N''n''', 'SELECT 1::int'])
$body$;
CREATE FUNCTION draw_text(statements int) RETURNS text LANGUAGE sql VOLATILE AS $body$
  SELECT string_agg(draw_filler() || draw_statement() || draw_filler()
    || CASE WHEN random() < 0.05 THEN draw(ARRAY['''', '"', '$$', '/*', '*/', '\', '--', ' a', '(', 'COMMIT']) ELSE ';' END, '')
  FROM generate_series(1, statements)
$body$;
CREATE TEMP TABLE tried AS SELECT text, script_compare(text) AS answer
  FROM (SELECT draw_text(1 + n % 6) || draw_filler() AS text FROM generate_series(1, 30000) AS n OFFSET 0) AS texts;
RESET client_min_messages;
SELECT text, answer FROM tried WHERE answer NOT LIKE 'same: %' AND answer <> 'refused' ORDER BY length(text), text LIMIT 5;
SELECT count(DISTINCT text) > 15000 AS tried, count(*) FILTER (WHERE answer ~ 'same: [2-9]') > 5000 AS several,
  count(*) FILTER (WHERE answer = 'refused') > 1000 AS refused FROM tried;
DROP FUNCTION script_compare, draw, draw_filler, draw_statement, draw_text;
