ALTER TABLE users ADD COLUMN email text DEFAULT 'a;b'
-- no newline, no semicolon