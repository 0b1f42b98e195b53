-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION shout(word text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN upper(word) || '; -- not a comment';
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION shout(text);
