-- +migrate Up notransaction
CREATE INDEX CONCURRENTLY users_email ON users (email);

-- +migrate Down notransaction
DROP INDEX CONCURRENTLY users_email;
