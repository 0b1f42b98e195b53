-- Rows that fail, with on_error => 'skip': each is tried once in a call, in so many calls as headway.max_row_tries, and
-- what is known of it ends when it is done.
CREATE EXTENSION pg_headway;
SET client_min_messages = warning;
-- How often a row is really tried: a sequence keeps count though the row is undone.
CREATE SEQUENCE tried;
CREATE FUNCTION count_try() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.n = 7 THEN PERFORM nextval('tried'); END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION times_tried() RETURNS bigint LANGUAGE sql AS $$
  SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM tried $$;

-- In storage order: a second sweep follows, which does not try them again.
CREATE TABLE by_page (a int, b text, n int CHECK (n <> 7), PRIMARY KEY (a, b));
INSERT INTO by_page SELECT i, 'b ' || i FROM generate_series(1, 1000) AS i;
CREATE TRIGGER count_try BEFORE UPDATE ON by_page FOR EACH ROW EXECUTE FUNCTION count_try();
SET headway.max_row_tries = 2;
SELECT safe_backfill('by_page', 'n = CASE WHEN a % 500 = 7 THEN 7 ELSE 0 END', 'n IS NULL', name => 'by page', batch_size => 1,
  on_error => 'skip');
SELECT relation, key, sqlstate, message, tries, call = (SELECT max(id) FROM headway.backfill_run) AS last_call
FROM headway.backfill_skipped ORDER BY key;
SELECT times_tried();
-- the next call tries them again; these are the last of two
SELECT safe_backfill('by_page', 'n = CASE WHEN a % 500 = 7 THEN 7 ELSE 0 END', 'n IS NULL', name => 'by page', batch_size => 1,
  on_error => 'skip');
SELECT key, tries FROM headway.backfill_skipped ORDER BY key;
SELECT times_tried();
-- another row is done, they are left alone
INSERT INTO by_page VALUES (0, 'new');
SELECT safe_backfill('by_page', 'n = CASE WHEN a % 500 = 7 THEN 7 ELSE 0 END', 'n IS NULL', name => 'by page', batch_size => 1,
  on_error => 'skip');
SELECT key, tries FROM headway.backfill_skipped ORDER BY key;
SELECT times_tried();
-- one is mended and tried again, as the hint says; the other one stays given up
ALTER TABLE by_page DROP CONSTRAINT by_page_n_check, ADD CHECK (n <> 7 OR a <> 7), DISABLE TRIGGER count_try;
UPDATE headway.backfill_skipped SET tries = 0 WHERE name = 'by page' AND key = '{507,b 507}';
SELECT safe_backfill('by_page', 'n = CASE WHEN a % 500 = 7 THEN 7 ELSE 0 END', 'n IS NULL', name => 'by page', on_error => 'skip');
SELECT key, tries FROM headway.backfill_skipped ORDER BY key;
-- a larger limit has it tried again
SET headway.max_row_tries = 0;
SELECT safe_backfill('by_page', 'n = CASE WHEN a % 500 = 7 THEN 7 ELSE 0 END', 'n IS NULL', name => 'by page', on_error => 'skip');
SELECT key, tries FROM headway.backfill_skipped ORDER BY key;
-- nothing matches any more: nothing is known of any row
RESET headway.max_row_tries;
UPDATE by_page SET n = 1 WHERE n IS NULL;
SELECT safe_backfill('by_page', 'n = CASE WHEN a % 500 = 7 THEN 7 ELSE 0 END', 'n IS NULL', name => 'by page', on_error => 'skip');
SELECT count(*) FROM headway.backfill_skipped;

-- By key, where nothing tells the rows that are done: a call that was stopped has left a row behind, and the call that
-- goes on and is through keeps it in mind.
CREATE TABLE by_key (id int PRIMARY KEY, n int NOT NULL DEFAULT 0 CHECK (id <> 3 OR n = 0));
INSERT INTO by_key SELECT generate_series(1, 100);
CREATE FUNCTION stop_at_50() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id = 50 THEN RAISE 'stopped at 50' USING ERRCODE = 'query_canceled'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER stop_at_50 BEFORE UPDATE ON by_key FOR EACH ROW EXECUTE FUNCTION stop_at_50();
SELECT safe_backfill('by_key', 'n = n + 1', name => 'by key', batch_size => 1, on_error => 'skip');
DROP TRIGGER stop_at_50 ON by_key;
SELECT safe_backfill('by_key', 'n = n + 1', name => 'by key', batch_size => 1, on_error => 'skip');
SELECT key, tries FROM headway.backfill_skipped ORDER BY key;
SELECT n, count(*) FROM by_key GROUP BY n ORDER BY n;
-- it fails again, and is given up
SET headway.max_row_tries = 2;
SELECT safe_backfill('by_key', 'n = n + 1', name => 'by key', on_error => 'skip');
SELECT key, tries FROM headway.backfill_skipped ORDER BY key;
SELECT safe_backfill('by_key', 'n = n + 1', name => 'by key', on_error => 'skip');
SELECT key, tries FROM headway.backfill_skipped ORDER BY key;
-- tried again as the hint says, and done
UPDATE headway.backfill_skipped SET tries = 0 WHERE name = 'by key';
ALTER TABLE by_key DROP CONSTRAINT by_key_check;
SELECT safe_backfill('by_key', 'n = n + 1', name => 'by key', on_error => 'skip');
SELECT key, tries FROM headway.backfill_skipped ORDER BY key;
SELECT n, count(*) FROM by_key GROUP BY n ORDER BY n;

-- Without a key its place tells a row, and nothing when it has moved: it is tried in every call.
CREATE TABLE without_key (n int CHECK (n <> 7));
INSERT INTO without_key SELECT NULL FROM generate_series(1, 10);
SET headway.max_row_tries = 1;
SELECT safe_backfill('without_key', 'n = CASE WHEN ctid = ''(0,4)'' THEN 7 ELSE 0 END', 'n IS NULL', name => 'no key', on_error => 'skip');
SELECT key, tries FROM headway.backfill_skipped ORDER BY key;
SELECT safe_backfill('without_key', 'n = CASE WHEN ctid = ''(0,4)'' THEN 7 ELSE 0 END', 'n IS NULL', name => 'no key', on_error => 'skip');
SELECT key, tries FROM headway.backfill_skipped ORDER BY key;

DROP TABLE by_page, by_key, without_key;
DROP SEQUENCE tried CASCADE;
DROP FUNCTION count_try, stop_at_50, times_tried;
DROP EXTENSION pg_headway;
