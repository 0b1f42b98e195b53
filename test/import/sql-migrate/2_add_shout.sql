-- +migrate Up
-- +migrate StatementBegin
CREATE FUNCTION shout(word text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN upper(word) || '; -- not a comment';
END
$$;
-- +migrate StatementEnd

-- +migrate Down
DROP FUNCTION shout(text);
