-- +migrate Up
ALTER TABLE users ADD COLUMN email text DEFAULT 'a;b';

-- +migrate Down
ALTER TABLE users DROP COLUMN email;
