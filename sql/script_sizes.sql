-- Scripts of any size: what is stored out of line is read whole, up and down, in the worker and in the caller's
-- transaction, and so are messages, labels and what the history keeps.
CREATE EXTENSION pg_headway;
\set VERBOSITY terse
CREATE TABLE texts (size int, direction text, body text);
-- Text that does not compress.
CREATE FUNCTION noise(bytes int, seed text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT left(string_agg(translate(encode(sha512((seed || i)::bytea), 'base64'), E'\n', ''), ''), bytes)
  FROM generate_series(1, bytes / 85 + 1) AS i
$$;
CREATE FUNCTION script(bytes int, direction text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT format('INSERT INTO texts VALUES (%s, %L, %L)', bytes, direction, noise(bytes, direction))
$$;
CREATE TABLE sizes AS SELECT size, row_number() OVER (ORDER BY size) AS n
  FROM unnest('{100,1900,2100,3000,9999,10000,50000,200000,200001,1000000}'::int[]) AS size;
SELECT migrate_revision('r' || n, CASE WHEN n > 1 THEN 'r' || n - 1 END, noise(size, 'message'), script(size, 'up'), script(size, 'down'),
  branch_labels => CASE WHEN n = 9 THEN md5('label') || md5('more') END)
FROM sizes ORDER BY n;
SELECT count(*) FROM headway.revision WHERE pg_column_size(upgrade) < length(upgrade) AND length(upgrade) > 2000;
CREATE VIEW right_ones AS SELECT direction, count(*), bool_and(body = noise(size, direction)) AS whole FROM texts GROUP BY direction;

-- in the worker
SET client_min_messages = warning;
SELECT migrate_upgrade('head');
SELECT migrate_downgrade('base');
SELECT * FROM right_ones ORDER BY direction;
-- once more: nothing is cached any more
TRUNCATE texts;
\c -
SET client_min_messages = warning;
\set VERBOSITY terse
SELECT migrate_upgrade('+3'), 'three';
SELECT migrate_upgrade('head');
SELECT migrate_downgrade('-4');
SELECT migrate_downgrade('base');
SELECT * FROM right_ones ORDER BY direction;

-- in a transaction of ours
TRUNCATE texts;
BEGIN;
SELECT migrate_upgrade('head');
SELECT migrate_downgrade('base');
SELECT * FROM right_ones ORDER BY direction;
COMMIT;

-- what is told of them
SELECT sum(length(message)) FROM migrate_history();
SELECT sum(length(message)) FROM migrate_plan('head');
SELECT sum(length(message)) FROM migrate_show('r10');
SELECT length(migrate_graph()) > 0 AS graph, length(migrate_sql('head')) > 1200000 AS script;
SELECT count(*) FROM migrate_check();

-- the same again changes nothing, another one of that size does
SELECT migrate_revision('r10', 'r9', noise(1000000, 'message'), script(1000000, 'up'), script(1000000, 'down'));
SELECT migrate_upgrade('head');
SELECT migrate_revision('r10', 'r9', noise(1000000, 'message'), script(1000000, 'other'), script(1000000, 'down'));

-- one that goes statement by statement, and one that fails: the history keeps the whole statement
SELECT migrate_revision('by_one', 'r10', 'By one', script(300000, 'up') || E';\nVACUUM texts;\n' || script(300000, 'up'), '');
SELECT migrate_upgrade('head');
SELECT migrate_revision('wrong', 'by_one', 'Fails', 'SELECT ' || quote_literal(noise(100000, 'x')) || '::int', '');
\set VERBOSITY sqlstate
SELECT migrate_upgrade('head');
SELECT revision, statement, length(message) > 100000 AS long_message FROM headway.history WHERE result = 'failed';
SELECT migrate_revision('block', 'by_one', 'A long block', 'DO $x$ BEGIN /* ' || noise(500000, 'y') || ' */ PERFORM 1/0; END $x$', '');
SELECT migrate_upgrade('block');

DROP EXTENSION pg_headway;
DROP TABLE texts, sizes CASCADE;
DROP FUNCTION script, noise;
