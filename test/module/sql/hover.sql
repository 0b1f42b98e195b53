-- All locks of a statement or none, without waiting. The one in the way is a prepared transaction.
CREATE FUNCTION try_locks(statement text) RETURNS text AS 'headway_guard_test', 'hover_try_locks' LANGUAGE C STRICT;
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int REFERENCES a);
CREATE TABLE c (id int);
CREATE VIEW held AS
  SELECT relation::regclass AS relation, mode FROM pg_locks
  WHERE pid = pg_backend_pid() AND relation IN ('a'::regclass, 'b'::regclass, 'c'::regclass) ORDER BY 1, 2;

-- free: all are taken, and stay
BEGIN;
SELECT try_locks('TRUNCATE a CASCADE');
SELECT * FROM held;
COMMIT;
SELECT * FROM held;

-- one of them is not to be had: none is kept, nobody waits
BEGIN;
INSERT INTO c VALUES (1);
PREPARE TRANSACTION 'in the way';
SET lock_timeout = '10s';
BEGIN;
SELECT try_locks('TRUNCATE a, b, c');
SELECT * FROM held;
SELECT try_locks('LOCK TABLE c IN ROW EXCLUSIVE MODE');
SELECT * FROM held;
ROLLBACK;

-- what the transaction had before stays as it was: the same mode, a stronger one, and in a savepoint
BEGIN;
LOCK TABLE a IN ACCESS EXCLUSIVE MODE;
LOCK TABLE b IN ROW SHARE MODE;
SELECT try_locks('TRUNCATE a, b, c');
SELECT * FROM held;
SAVEPOINT s;
SELECT try_locks('TRUNCATE a, b, c');
ROLLBACK TO s;
SELECT * FROM held;
-- and can be taken after all once the way is free
ROLLBACK;
ROLLBACK PREPARED 'in the way';
BEGIN;
SELECT try_locks('TRUNCATE a, b, c');
SELECT count(*) FROM held WHERE mode = 'AccessExclusiveLock';
COMMIT;

-- nothing to take
BEGIN;
SELECT try_locks('DROP TABLE IF EXISTS nowhere');
SELECT try_locks('LOCK TABLE pg_class');
SELECT * FROM held;
COMMIT;
SELECT try_locks('LOCK TABLE');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM held;
DROP VIEW held;
DROP TABLE a, b, c;
DROP FUNCTION try_locks;
