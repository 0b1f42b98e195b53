-- Views that use a column whose type changes.
CREATE EXTENSION pg_headway;
SET client_min_messages = warning;
CREATE ROLE headway_views_owner;
CREATE ROLE headway_views_reader;
-- The owner of a view must have the rights of whoever makes it again.
SELECT current_user AS me \gset
GRANT :"me" TO headway_views_owner;
CREATE ROLE "headway views, other";
CREATE SCHEMA shown;
GRANT USAGE, CREATE ON SCHEMA shown TO headway_views_owner;
GRANT USAGE ON SCHEMA shown TO headway_views_reader;
CREATE TABLE videos (id integer PRIMARY KEY, title text NOT NULL, seconds integer);
INSERT INTO videos SELECT n, 'title ' || n, n FROM generate_series(1, 100) n;
GRANT SELECT, UPDATE ON videos TO headway_views_owner;
GRANT INSERT ON videos TO headway_views_reader;

-- One with everything that a view can have, two that stand on it, one that joins itself through them, one that groups by
-- the primary key, one of another column.
CREATE VIEW shown."All of them" WITH (security_barrier, check_option = local) AS
  SELECT v.id, v.title AS "The Title", v.seconds FROM videos v WHERE v.id > 0;
ALTER VIEW shown."All of them" ALTER COLUMN seconds SET DEFAULT 7;
COMMENT ON VIEW shown."All of them" IS 'It''s all';
COMMENT ON COLUMN shown."All of them"."The Title" IS 'of a film';
CREATE RULE seen AS ON DELETE TO shown."All of them" DO INSTEAD
  (SELECT 1; UPDATE videos SET seconds = 0 WHERE id = old.id);
COMMENT ON RULE seen ON shown."All of them" IS 'none goes';
CREATE FUNCTION on_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.videos (id, title, seconds) VALUES (new.id, new."The Title", new.seconds);
  RETURN new;
END $$;
CREATE TRIGGER come INSTEAD OF INSERT ON shown."All of them" FOR EACH ROW EXECUTE FUNCTION on_insert();
COMMENT ON TRIGGER come ON shown."All of them" IS 'one comes';
ALTER VIEW shown."All of them" OWNER TO headway_views_owner;
REVOKE UPDATE ON shown."All of them" FROM headway_views_owner;
GRANT SELECT ON shown."All of them" TO PUBLIC;
GRANT INSERT, DELETE ON shown."All of them" TO headway_views_reader WITH GRANT OPTION;
GRANT UPDATE ("The Title") ON shown."All of them" TO "headway views, other";
CREATE VIEW shown.long WITH (security_invoker) AS SELECT id, seconds FROM shown."All of them" WHERE seconds > 50;
CREATE VIEW shown.pairs AS SELECT a.id AS a, b.id AS b FROM shown.long a JOIN videos b USING (seconds);
CREATE VIEW shown.grouped AS SELECT v.id, v.title, count(*) FROM videos v GROUP BY v.id;
CREATE RECURSIVE VIEW shown.counted (n) AS
  SELECT min(id) FROM videos UNION ALL SELECT v.id FROM counted c JOIN videos v ON v.id = c.n + 1;
CREATE VIEW shown.titles AS SELECT title FROM videos;
-- A rule of one view that needs another.
CREATE RULE through AS ON INSERT TO shown.titles DO INSTEAD INSERT INTO shown.pairs VALUES (1, 2);
CREATE RULE never AS ON INSERT TO shown.pairs DO INSTEAD NOTHING;

-- What they are, but for their oids.
CREATE VIEW pg_temp.state AS
  SELECT c.relname, pg_get_userbyid(c.relowner) AS owner, c.reloptions::text, c.relacl::text,
    obj_description(c.oid, 'pg_class') AS comment, md5(pg_get_viewdef(c.oid)) AS query,
    (SELECT string_agg(concat_ws(' ', a.attname, a.attacl::text, col_description(c.oid, a.attnum),
       pg_get_expr(d.adbin, d.adrelid)), '; ' ORDER BY a.attnum)
     FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE a.attrelid = c.oid AND a.attnum > 0) AS columns,
    (SELECT string_agg(concat_ws(' ', pg_get_ruledef(w.oid), obj_description(w.oid, 'pg_rewrite')), E'\n' ORDER BY rulename)
     FROM pg_rewrite w WHERE w.ev_class = c.oid AND w.rulename <> '_RETURN') AS rules,
    (SELECT string_agg(concat_ws(' ', pg_get_triggerdef(t.oid), obj_description(t.oid, 'pg_trigger')), E'\n')
     FROM pg_trigger t WHERE t.tgrelid = c.oid) AS triggers
  FROM pg_class c WHERE c.relnamespace = 'shown'::regnamespace;
CREATE TEMPORARY TABLE before AS SELECT * FROM pg_temp.state;
CREATE TABLE oids AS SELECT oid, relname FROM pg_class WHERE relnamespace = 'shown'::regnamespace;
CREATE VIEW pg_temp.remade AS
  SELECT o.relname, c.oid <> o.oid AS remade FROM oids o LEFT JOIN pg_class c
  ON c.relname = o.relname AND c.relnamespace = 'shown'::regnamespace ORDER BY 1;
RESET client_min_messages;

-- Without being asked to, none is touched.
SELECT safe_change_column_type('videos', 'id', 'bigint');

-- The rule of a view that is to stay needs one that has to go.
SELECT safe_change_column_type('videos', 'id', 'bigint', recreate_views => true);
DROP RULE through ON shown.titles;
UPDATE before SET rules = NULL WHERE relname = 'titles';

SET client_min_messages = warning;
SELECT safe_change_column_type('videos', 'id', 'bigint', recreate_views => true) > 1 AS in_phases;
RESET client_min_messages;
TABLE before EXCEPT TABLE pg_temp.state;
TABLE pg_temp.state EXCEPT TABLE before;
TABLE pg_temp.remade;
SELECT relname, attname, format_type(atttypid, atttypmod) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
  WHERE relnamespace = 'shown'::regnamespace AND atttypid IN (20, 23) ORDER BY 1, 2;
SELECT count(*), sum(a), sum(b) FROM shown.pairs;
SET ROLE headway_views_reader;
INSERT INTO shown."All of them" VALUES (5000000000, 'long', 3);
DELETE FROM shown."All of them" WHERE id = 5000000000;
RESET ROLE;
SELECT * FROM videos WHERE id > 4000000000;
SELECT safe_change_column_type('videos', 'id', 'bigint', drop_old => true);

-- Where no row has to be written, they are in the way as well.
CREATE VIEW shown.codes AS SELECT NULL::varchar(10) AS code;
ALTER TABLE videos ADD COLUMN code varchar(10);
CREATE OR REPLACE VIEW shown.codes AS SELECT code FROM videos;
SELECT safe_change_column_type('videos', 'code', 'varchar(20)');
SELECT safe_change_column_type('videos', 'code', 'varchar(20)', recreate_views => true);
SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'shown.codes'::regclass;

-- What the role that makes it again would give by default is not given.
ALTER DEFAULT PRIVILEGES IN SCHEMA shown GRANT ALL ON TABLES TO "headway views, other";
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
SELECT safe_change_column_type('videos', 'code', 'varchar(30)', recreate_views => true);
SELECT DISTINCT grantee = relowner AS owner FROM pg_class, aclexplode(relacl) WHERE oid = 'shown.codes'::regclass;
ALTER DEFAULT PRIVILEGES IN SCHEMA shown REVOKE ALL ON TABLES FROM "headway views, other";
ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM PUBLIC;

-- One that does not fit the new type is found before anything is done.
CREATE VIEW shown.hours AS SELECT v.seconds % 3600 AS rest FROM videos v, oids o WHERE o.relname = 'long';
\set VERBOSITY sqlstate
SELECT safe_change_column_type('videos', 'seconds', 'text', recreate_views => true);
\echo :LAST_ERROR_MESSAGE
\set VERBOSITY default
SELECT attname FROM pg_attribute WHERE attrelid = 'videos'::regclass AND attname ~ 'headway';
SELECT rest FROM shown.hours ORDER BY 1 LIMIT 1;
DROP VIEW shown.hours;

-- What cannot be made again is listed, with all that stands in the way.
CREATE MATERIALIZED VIEW shown.kept AS SELECT seconds FROM shown.long;
CREATE FUNCTION shown.of_a_row(shown.long) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE TABLE shown.with_row (r shown."All of them", rs shown."All of them"[]);
SELECT safe_change_column_type('videos', 'seconds', 'bigint', recreate_views => true);
SELECT safe_change_column_type('videos', 'seconds', 'bigint');
DROP TABLE shown.with_row;
DROP FUNCTION shown.of_a_row;
DROP MATERIALIZED VIEW shown.kept;
CREATE TEMPORARY VIEW mine AS SELECT seconds FROM videos;
\set VERBOSITY terse
SELECT safe_change_column_type('videos', 'seconds', 'bigint', recreate_views => true);
\set VERBOSITY default
DROP VIEW mine;

-- By the owner of the table, who is not that of the views.
CREATE ROLE headway_table_owner;
ALTER TABLE videos OWNER TO headway_table_owner;
GRANT ALL ON SCHEMA public, shown TO headway_table_owner;
GRANT EXECUTE ON FUNCTION safe_change_column_type TO headway_table_owner;
SET ROLE headway_table_owner;
SELECT safe_change_column_type('videos', 'code', 'varchar(40)', recreate_views => true);
RESET ROLE;
ALTER VIEW shown.codes OWNER TO headway_views_reader;
GRANT headway_views_reader TO headway_table_owner;
SET ROLE headway_table_owner;
SELECT safe_change_column_type('videos', 'code', 'varchar(40)', recreate_views => true);
RESET ROLE;
ALTER VIEW shown.codes OWNER TO headway_table_owner;
SET ROLE headway_table_owner;
SELECT safe_change_column_type('videos', 'code', 'varchar(40)', recreate_views => true);
RESET ROLE;
SELECT relowner::regrole, grantee::regrole, count(*) > 6 AS all_of_them
  FROM pg_class, aclexplode(relacl) WHERE oid = 'shown.codes'::regclass GROUP BY 1, 2;

-- One that is made while the column is filled does not stay on the old one.
CREATE FUNCTION make_view() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  CREATE VIEW shown.late AS SELECT seconds FROM public.videos;
  RETURN new;
END $$;
CREATE TRIGGER make_view BEFORE UPDATE ON videos FOR EACH ROW WHEN (old.id = 50) EXECUTE FUNCTION make_view();
SET client_min_messages = warning;
DROP VIEW shown."All of them" CASCADE;
SELECT safe_change_column_type('videos', 'seconds', 'bigint');
SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'shown.late'::regclass;
DROP TRIGGER make_view ON videos;
SELECT safe_change_column_type('videos', 'seconds', 'bigint', recreate_views => true, drop_old => true);
RESET client_min_messages;
SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'shown.late'::regclass;

-- Nothing of a lesser role runs with the caller's rights: constants of a view, a rule, a default and a trigger's condition are
-- read again when it is made.
SET client_min_messages = warning;
CREATE ROLE headway_evil;
CREATE SCHEMA lair AUTHORIZATION headway_evil;
CREATE TABLE shown.t (id int PRIMARY KEY, code varchar(10));
GRANT USAGE ON SCHEMA shown TO headway_evil;
SET ROLE headway_evil;
CREATE FUNCTION lair.trap(int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF current_user <> 'headway_evil' THEN RAISE WARNING 'trapped as %', current_user; END IF;
  RETURN true;
END $$;
CREATE DOMAIN lair.d AS int CHECK (lair.trap(value));
CREATE VIEW lair.v AS SELECT id, code, '{1}'::lair.d[] AS k FROM shown.t;
RESET ROLE;
SELECT safe_change_column_type('shown.t', 'code', 'varchar(20)', recreate_views => true);
SELECT safe_change_column_type('shown.t', 'id', 'bigint', recreate_views => true);
DROP VIEW lair.v;
CREATE VIEW shown.v AS SELECT id, code FROM shown.t;
GRANT TRIGGER ON shown.v TO headway_evil;
SET ROLE headway_evil;
CREATE FUNCTION lair.trap() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER trap AFTER UPDATE ON shown.v FOR EACH STATEMENT WHEN ('{4}'::lair.d[] IS NOT NULL) EXECUTE FUNCTION lair.trap();
RESET ROLE;
SELECT safe_change_column_type('shown.t', 'code', 'varchar(20)', recreate_views => true);
REVOKE TRIGGER ON shown.v FROM headway_evil;
SELECT safe_change_column_type('shown.t', 'code', 'varchar(20)', recreate_views => true);
DROP VIEW shown.v;

-- The text means what it meant: by whatever settings, and with whatever is in the way of that.
CREATE VIEW shown.v AS SELECT id, 'a\b' AS x, 'back\' AS y, '3.141592653589793'::float8 AS pi,
  '2020-06-01 00:00+00'::timestamptz AS at, '{x,NULL}'::text[] AS list FROM shown.t;
SELECT md5(pg_get_viewdef('shown.v'::regclass)) AS before \gset
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SET datestyle = 'SQL';
SET timezone = 'Asia/Kolkata';
SET extra_float_digits = -10;
SET array_nulls = off;
SELECT safe_change_column_type('shown.t', 'code', 'varchar(20)', recreate_views => true);
SELECT safe_change_column_type('shown.t', 'id', 'bigint', recreate_views => true, drop_old => true) > 1 AS in_phases;
RESET standard_conforming_strings;
RESET escape_string_warning;
RESET datestyle;
RESET timezone;
RESET extra_float_digits;
RESET array_nulls;
SELECT md5(pg_get_viewdef('shown.v'::regclass)) = :'before' AS same;
DROP VIEW shown.v;
-- columns by their places
CREATE VIEW shown.v AS SELECT x.a, x.b FROM shown.t x(a, b);
\set SHOW_CONTEXT never
SELECT safe_change_column_type('shown.t', 'id', 'int', recreate_views => true);
\set SHOW_CONTEXT errors
SELECT count(*) FROM pg_attribute WHERE attrelid = 'shown.t'::regclass AND attname ~ 'headway';
DROP VIEW shown.v;
-- operators that nobody writes down, and one that lies in wait
CREATE SCHEMA ext;
CREATE TYPE ext.box_of AS (n int);
CREATE FUNCTION ext.same(text, ext.box_of) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR ext.= (leftarg = text, rightarg = ext.box_of, function = ext.same);
ALTER TABLE shown.t ADD COLUMN other text;
SET search_path = public, ext;
CREATE VIEW shown.v AS SELECT code, nullif(other, ROW(1)::ext.box_of) AS n FROM shown.t;
SET search_path = public;
\set VERBOSITY sqlstate
SELECT safe_change_column_type('shown.t', 'code', 'varchar(30)', recreate_views => true);
\echo :LAST_ERROR_MESSAGE
\set VERBOSITY default
DROP VIEW shown.v;
ALTER TABLE shown.t ADD COLUMN n numeric;
CREATE VIEW shown.v AS SELECT n > 0 AS positive FROM shown.t;
CREATE FUNCTION public.wait(bigint, numeric) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'trapped'; RETURN true; END $$;
CREATE OPERATOR public.> (leftarg = bigint, rightarg = numeric, function = public.wait);
SELECT safe_change_column_type('shown.t', 'n', 'bigint', recreate_views => true);
DROP OPERATOR public.> (bigint, numeric);
DROP FUNCTION public.wait;
DROP VIEW shown.v;
-- one that groups by the primary key does not hide the next one; a rule that notifies
CREATE VIEW shown.g AS SELECT id, code, count(*) FROM shown.t GROUP BY id;
CREATE VIEW shown.h AS SELECT id % 2 AS odd FROM shown.t;
\set VERBOSITY sqlstate
SELECT safe_change_column_type('shown.t', 'id', 'text', recreate_views => true);
\echo :LAST_ERROR_MESSAGE
\set VERBOSITY default
CREATE RULE r AS ON INSERT TO shown.h DO INSTEAD NOTIFY "C h";
SELECT safe_change_column_type('shown.t', 'id', 'int', recreate_views => true, drop_old => true) > 1 AS in_phases;
SELECT pg_get_ruledef(oid) FROM pg_rewrite WHERE rulename = 'r';
DROP OWNED BY headway_evil CASCADE;
DROP ROLE headway_evil;
DROP SCHEMA ext CASCADE;

DROP SCHEMA shown CASCADE;
DROP TABLE videos, oids CASCADE;
DROP FUNCTION on_insert, make_view;
DROP EXTENSION pg_headway;
REVOKE ALL ON SCHEMA public FROM headway_table_owner;
DROP ROLE headway_table_owner, headway_views_owner, headway_views_reader, "headway views, other";
