CREATE FUNCTION shout(word text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN upper(word) || '; -- not a comment';
END
$$;
