-- Every form of a target, upwards and downwards, from several places: what would run, or why not.
CREATE EXTENSION pg_headway;
CREATE FUNCTION register(id text, parents text, labels text DEFAULT NULL, needs text DEFAULT NULL) RETURNS text
LANGUAGE sql AS $$ SELECT migrate_revision(id, parents, 'The ' || id, '', '', labels, needs) $$;
--                  ,- left2 (left) - left3 - left4 -.
--  root0 - root1 -<                                  > merge6 - after7         other1 (other) - other2, which needs left2
--                  `- right2 (right) - right3 ------'
SELECT register('root0', NULL), register('root1', 'root0'), register('left2', 'root1', 'left'), register('left3', 'left2'),
  register('left4', 'left3'), register('right2', 'root1', 'right'), register('right3', 'right2'),
  register('merge6', 'left4, right3'), register('after7', 'merge6'), register('other1', NULL, 'other'),
  register('other2', 'other1', NULL, 'left2');

CREATE FUNCTION steps(target text, direction text, place text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT coalesce(string_agg(revision, ' '), '(nothing)') FROM migrate_plan(target, direction, place));
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
CREATE TABLE forms (id serial, target text);
INSERT INTO forms (target) VALUES
  ('head'), ('heads'), ('base'), ('left3'), ('left'), ('rig'), ('r'), ('nowhere'), ('+1'), ('+2'), ('+9'), ('-1'), ('-2'), ('-9'),
  ('left2+1'), ('left2-1'), ('left4+1'), ('left4+9'), ('root1+1'), ('merge6-1'), ('root0-1'), ('root0-2'),
  ('left@head'), ('left@heads'), ('left@base'), ('left@+1'), ('left@+9'), ('left@-1'), ('left@-9'), ('left@left3'), ('left@right3'),
  ('left@left2+1'), ('left@left4-1'), ('left@root1'), ('left3@head'), ('left3@merge6'), ('right3@left3'), ('other@head'),
  ('other@other2'), ('other@+1'), ('other@-1'), ('nowhere@head'), ('left@nowhere'), ('left3, right3'), ('left3,right3,other2'),
  ('left3, left4'), ('base, left3'), ('left3,'), (',left3'), ('left3,,right3'), ('+1, left3'), ('current'), ('left@'), ('@head'),
  ('+0'), ('-0'), ('+'), ('left2+x'), ('left2++1'), ('a:b'), (' left3 '), ('left 3'), ('LEFT3'), ('');

SELECT target, steps(target, 'upgrade', 'base') FROM forms ORDER BY id;
SELECT target, steps(target, 'upgrade', 'left2') FROM forms ORDER BY id;
SELECT target, steps(target, 'upgrade', 'left3, right2') FROM forms ORDER BY id;
SELECT target, steps(target, 'upgrade', 'after7') FROM forms ORDER BY id;
SELECT target, steps(target, 'downgrade', 'left3') FROM forms ORDER BY id;
SELECT target, steps(target, 'downgrade', 'left3, right3') FROM forms ORDER BY id;
SELECT target, steps(target, 'downgrade', 'after7, other2') FROM forms ORDER BY id;
SELECT target, steps(target, 'downgrade', 'base') FROM forms ORDER BY id;

-- the same words as a stamp
CREATE FUNCTION stamped(target text, place text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  heads text;
BEGIN
  PERFORM migrate_stamp(place, purge => true);
  PERFORM migrate_stamp(target);
  SELECT coalesce(string_agg(revision, ' ' ORDER BY revision), '(base)') INTO heads FROM headway.version;
  RETURN heads;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT target, stamped(target, 'base') AS from_base, stamped(target, 'left3, right2') AS from_left3_right2 FROM forms ORDER BY id;

-- as ends of a range of history; current is left3 and right2
SELECT migrate_stamp('left3, right2', purge => true);
CREATE FUNCTION history(range text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT coalesce(string_agg(revision, ' '), '(nothing)') FROM migrate_history(range));
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT range, history(range) FROM unnest(ARRAY[
  'root0:left3', 'left3:', ':right2', ':', 'base:head', 'base:heads', 'left2:left@head', 'left@base:left3', '-3:current', '-1:left3',
  'root1:current', 'current:', ':current', 'current:current', 'left2:+1', 'left2:+9', 'root1:+2', '+1:left4', 'left4:left2',
  'left3-1:left3', 'left2:left2+1', 'left2:right3', 'other1:other2', 'left3', 'a:b:c', 'nowhere:', ':nowhere', '::', '+1:', ' root0 : left3 ']
) WITH ORDINALITY AS ranges(range, n) ORDER BY n;

DROP FUNCTION steps, stamped, history, register;
DROP TABLE forms;
DROP EXTENSION pg_headway;
