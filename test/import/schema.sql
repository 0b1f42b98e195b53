-- What each of the folders makes, as plain statements.
CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);
CREATE FUNCTION shout(word text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN upper(word) || '; -- not a comment';
END
$$;
ALTER TABLE users ADD COLUMN email text DEFAULT 'a;b';
CREATE INDEX users_email ON users (email);
