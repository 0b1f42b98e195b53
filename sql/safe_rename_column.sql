-- safe_rename_column(): refused, and the way that there is instead.
CREATE EXTENSION pg_headway;
CREATE TABLE videos (id int PRIMARY KEY, title text NOT NULL DEFAULT 'untitled', "Odd Name" int);
INSERT INTO videos SELECT i, 'title ' || i FROM generate_series(1, 1000) i;

SELECT safe_rename_column('videos', 'Odd Name', 'Odder Name');
CREATE VIEW titles AS SELECT id, title FROM videos;
CREATE VIEW ids AS SELECT id FROM videos;
CREATE FUNCTION first_title() RETURNS text LANGUAGE sql AS $$ SELECT title FROM videos ORDER BY id LIMIT 1 $$;
SELECT safe_rename_column('videos', 'title', 'name');
SELECT safe_rename_column('videos', 'nothing', 'name');
SELECT safe_rename_column('videos', 'title', NULL);
BEGIN;
SELECT safe_rename_column('videos', 'title', 'name');
ROLLBACK;

-- The recipe of the page. First both are there, and are kept the same.
SELECT safe_add_column('public.videos', 'name text');
CREATE FUNCTION videos_title_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.name IS NULL THEN
      NEW.name := NEW.title;
    ELSE
      NEW.title := NEW.name;
    END IF;
  ELSIF NEW.name IS DISTINCT FROM OLD.name THEN
    NEW.title := NEW.name;
  ELSIF NEW.title IS DISTINCT FROM OLD.title THEN
    NEW.name := NEW.title;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER videos_title_name BEFORE INSERT OR UPDATE ON videos
  FOR EACH ROW EXECUTE FUNCTION videos_title_name();
-- The old application, before and after a row is filled.
UPDATE videos SET title = 'changed early' WHERE id = 1;
SET client_min_messages = warning;
SELECT safe_backfill('public.videos', 'name = title', 'name IS DISTINCT FROM title');
SELECT safe_set_not_null('videos', 'name') > 1 AS in_phases;
RESET client_min_messages;
UPDATE videos SET title = 'changed late' WHERE id = 2;
INSERT INTO videos (id, title) VALUES (2001, 'of the old');
-- The new one.
UPDATE videos SET name = 'changed by the new' WHERE id = 3;
INSERT INTO videos (id, name) VALUES (2002, 'of the new');
INSERT INTO videos (id) VALUES (2003);
SELECT count(*) FROM videos WHERE name IS DISTINCT FROM title;
SELECT id, title, name FROM videos WHERE id < 4 OR id > 2000 ORDER BY id;
-- The end: nothing uses the old name any more.
BEGIN;
DROP TRIGGER videos_title_name ON videos;
ALTER TABLE videos ALTER COLUMN name SET DEFAULT 'untitled', DROP COLUMN title;
ROLLBACK;
DROP VIEW titles;
BEGIN;
DROP TRIGGER videos_title_name ON videos;
ALTER TABLE videos ALTER COLUMN name SET DEFAULT 'untitled', DROP COLUMN title;
COMMIT;
DROP FUNCTION videos_title_name();
INSERT INTO videos (id) VALUES (2004);
SELECT id, name FROM videos WHERE id IN (1, 2, 3, 2004) ORDER BY id;
SELECT safe_rename_column('videos', 'title', 'name');

DROP TABLE videos CASCADE;
DROP FUNCTION first_title;
DROP EXTENSION pg_headway;
