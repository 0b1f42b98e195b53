-- +goose Up
ALTER TABLE users ADD COLUMN email text DEFAULT 'a;b';

-- +goose Down
ALTER TABLE users DROP COLUMN email;
