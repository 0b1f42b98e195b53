-- migrate:up
ALTER TABLE users ADD COLUMN email text DEFAULT 'a;b';

-- migrate:down
ALTER TABLE users DROP COLUMN email;
