BEGIN;
CREATE FUNCTION shout(word text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN upper(word) || '!';
END
$$;
COMMIT;
