-- A history as long as those of old projects, with scripts as they are found in them: 100 bytes to 1 MB, LF, CRLF and CR,
-- functions, DO blocks, enums, triggers, concurrent indexes, nothing but comments. Beside it the same scripts by EXECUTE.
CREATE EXTENSION pg_headway;
CREATE SCHEMA plain;
CREATE SCHEMA mine;
SET client_min_messages = warning;

-- Twelve kinds in turn; each twelve work on a table of their own.
CREATE FUNCTION public.up(i int) RETURNS text LANGUAGE sql AS $f$
  SELECT CASE i % 12
    WHEN 0 THEN format($$-- first; not the end
CREATE TABLE t%1$s (id bigint PRIMARY KEY, note text NOT NULL DEFAULT 'a;b''c\', n int /* one /* in another; */ */);
INSERT INTO t%1$s (id, n) SELECT i, i FROM generate_series(1, 5) AS i$$, b)
    WHEN 1 THEN format($$ALTER TABLE t%1$s ADD COLUMN added int NOT NULL DEFAULT 7;
COMMENT ON COLUMN t%1$s.added IS $c$what; was $1 added$c$;;
ALTER TABLE t%1$s ADD CONSTRAINT t%1$s_positive CHECK (n > 0);$$, b)
    WHEN 2 THEN format('INSERT INTO t%1$s (id, note) VALUES (100, %2$L);', b,
      (SELECT string_agg(md5((1000 * i + j)::text), CASE j % 9 WHEN 0 THEN E';\n' ELSE '''' END)
       FROM generate_series(1, (ARRAY[1, 3, 60, 310, 3000, 30000])[CASE WHEN b % 500 = 7 THEN 6 ELSE 1 + b % 5 END]) AS j))
    WHEN 3 THEN format($$CREATE INDEX CONCURRENTLY t%1$s_n ON t%1$s (n);$$, b)
    WHEN 4 THEN format($$CREATE FUNCTION f%1$s(a int) RETURNS int LANGUAGE plpgsql AS $body$
BEGIN
  -- a comment; with 'a quote
  PERFORM 1;
  RETURN a + %1$s; /* ; */
END
$body$;
CREATE FUNCTION g%1$s() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT 'x;y'; SELECT 'z'; END;
$$, b)
    WHEN 5 THEN format($$DO $do$ DECLARE r record; BEGIN FOR r IN SELECT id FROM t%1$s LOOP
UPDATE t%1$s SET n = f%1$s(n) WHERE id = r.id; END LOOP; END $do$;$$, b)
    WHEN 6 THEN format($$CREATE TYPE e%1$s AS ENUM ('one', 'two'); ALTER TABLE t%1$s ADD COLUMN e e%1$s DEFAULT 'one';$$, b)
    WHEN 7 THEN format($$ALTER TYPE e%1$s ADD VALUE 'three'$$, b)
    WHEN 8 THEN format($$CREATE VIEW v%1$s AS SELECT id, e, note || ';' AS "odd; ""name""" FROM t%1$s WHERE e <> 'three'; GRANT SELECT ON v%1$s TO PUBLIC$$, b)
    WHEN 9 THEN format($$CREATE FUNCTION touch%1$s() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.added := 8; RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON t%1$s FOR EACH ROW EXECUTE FUNCTION touch%1$s();$$, b)
    WHEN 10 THEN (ARRAY['', '-- nothing', E'  \n/* nothing; at all */\n;;', E'\n\n'])[1 + b % 4]
    WHEN 11 THEN (SELECT string_agg(format('UPDATE t%s SET note = note || %L WHERE id = %s;', b, j, 1 + j % 5), E'\n')
                  FROM generate_series(1, 20) AS j)
  END FROM (SELECT i / 12) AS block (b) $f$;
CREATE FUNCTION public.down(i int) RETURNS text LANGUAGE sql AS $f$
  SELECT CASE i % 12
    WHEN 0 THEN format('DROP TABLE t%1$s', b)
    WHEN 1 THEN format('ALTER TABLE t%1$s DROP COLUMN added, DROP CONSTRAINT t%1$s_positive', b)
    WHEN 2 THEN format('DELETE FROM t%1$s WHERE id = 100', b)
    WHEN 3 THEN format('DROP INDEX CONCURRENTLY t%1$s_n', b)
    WHEN 4 THEN format('DROP FUNCTION f%1$s, g%1$s', b)
    WHEN 5 THEN format('UPDATE t%1$s SET n = id WHERE id < 100', b)
    WHEN 6 THEN format('ALTER TABLE t%1$s DROP COLUMN e; DROP TYPE e%1$s', b)
    WHEN 8 THEN format('DROP VIEW v%1$s', b)
    WHEN 9 THEN format('DROP TRIGGER touch ON t%1$s; DROP FUNCTION touch%1$s', b)
    ELSE ''
  END FROM (SELECT i / 12) AS block (b) $f$;
-- Line ends change from block to block.
CREATE FUNCTION public.ended(script text, i int) RETURNS text LANGUAGE sql AS $f$
  SELECT CASE (i / 12) % 3 WHEN 0 THEN script WHEN 1 THEN replace(script, E'\n', E'\r\n') ELSE replace(script, E'\n', E'\r') END $f$;

SELECT min(length(up(i))), max(length(up(i))) > 1000000 AS "1 MB", count(*) FROM generate_series(0, 2999) AS i;
SELECT count(*), count(DISTINCT migrate_revision('r' || i, CASE WHEN i > 0 THEN 'r' || i - 1 END, 'Step ' || i, ended(up(i), i), ended(down(i), i)))
FROM generate_series(0, 2999) AS i;
SELECT problem, count(*) FROM migrate_check() GROUP BY 1;
SET search_path = mine, public;
SELECT migrate_upgrade();
SELECT migrate_upgrade();

-- the same by EXECUTE
SET search_path = plain, public;
DO $do$ BEGIN FOR i IN 0 .. 2999 LOOP EXECUTE replace(ended(up(i), i), ' CONCURRENTLY', ''); COMMIT; END LOOP; END $do$;
RESET search_path;

CREATE FUNCTION public.all_of(relation regclass) RETURNS text LANGUAGE plpgsql AS $f$
DECLARE rows text;
BEGIN
  EXECUTE format('SELECT string_agg(r::text, ''|'' ORDER BY id) FROM %s AS r', relation) INTO rows;
  RETURN rows;
END $f$;
CREATE VIEW public.objects AS
  SELECT n.nspname AS place, 'column' AS kind, format('%s.%s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull) AS object,
    concat(pg_get_expr(d.adbin, d.adrelid), '|', col_description(c.oid, a.attnum)) AS body
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace JOIN pg_attribute AS a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef AS d ON adrelid = c.oid AND adnum = attnum WHERE relkind IN ('r', 'v')
  UNION ALL SELECT nspname, 'index', c.relname, concat(pg_get_indexdef(c.oid), '|', indisvalid) FROM pg_index JOIN pg_class AS c ON c.oid = indexrelid JOIN pg_namespace AS n ON n.oid = relnamespace
  UNION ALL SELECT nspname, 'constraint', conname, pg_get_constraintdef(c.oid) FROM pg_constraint AS c JOIN pg_namespace AS n ON n.oid = connamespace WHERE contype <> 'n'
  UNION ALL SELECT nspname, 'function', proname, concat(prosrc, '|', pg_get_function_sqlbody(p.oid)) FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = pronamespace
  UNION ALL SELECT nspname, 'enum', typname, enumlabel FROM pg_enum JOIN pg_type AS t ON t.oid = enumtypid JOIN pg_namespace AS n ON n.oid = typnamespace
  UNION ALL SELECT nspname, 'view', viewname, definition FROM pg_views JOIN pg_namespace ON nspname = schemaname
  UNION ALL SELECT nspname, 'trigger', c.relname || tgname, pg_get_triggerdef(t.oid) FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = tgrelid JOIN pg_namespace AS n ON n.oid = relnamespace WHERE NOT tgisinternal
  UNION ALL SELECT nspname, 'rights', c.relname, replace(relacl::text, current_user, '') FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
  UNION ALL SELECT nspname, 'rows', c.relname, public.all_of(c.oid)
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace WHERE nspname IN ('mine', 'plain') AND relkind IN ('r', 'v');
SELECT kind, count(*) FROM objects WHERE place = 'mine' GROUP BY 1 ORDER BY 1;
SELECT coalesce(m.kind, p.kind) AS kind, m.object AS mine, p.object AS plain
FROM (SELECT kind, replace(object, 'mine.', '') AS object, replace(body, 'mine.', '') AS body FROM objects WHERE place = 'mine') AS m
FULL JOIN (SELECT kind, replace(object, 'plain.', '') AS object, replace(body, 'plain.', '') AS body FROM objects WHERE place = 'plain') AS p
  ON p.kind = m.kind AND p.object = m.object AND p.body IS NOT DISTINCT FROM m.body
WHERE m.kind IS NULL OR p.kind IS NULL ORDER BY 1, 2, 3 LIMIT 10;
SELECT result, lock_tries, count(*), count(DISTINCT revision) FROM headway.history GROUP BY 1, 2 ORDER BY 1, 2;

-- and all the way down
SET search_path = mine, public;
SELECT migrate_downgrade('base');
RESET search_path;
SELECT count(*) FROM objects WHERE place = 'mine';
SELECT count(*) FROM headway.unfinished;

RESET client_min_messages;
DROP VIEW public.objects;
DROP FUNCTION up, down, ended, all_of;
DROP SCHEMA mine;
SET client_min_messages = warning;
DO $do$ BEGIN FOR i IN 0 .. 249 LOOP EXECUTE 'SET LOCAL search_path = plain'; EXECUTE 'DROP TABLE IF EXISTS t' || i || ' CASCADE'; COMMIT; END LOOP; END $do$;
DROP SCHEMA plain CASCADE;
RESET client_min_messages;
DROP EXTENSION pg_headway;
