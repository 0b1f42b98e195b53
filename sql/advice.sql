-- What to do, said where it is needed, and once.
CREATE EXTENSION pg_headway;
CREATE TABLE parted (id int) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE INDEX parted_id ON parted (id);
-- indexes of a partitioned table
SELECT migrate_revision('a', NULL, '', 'CREATE INDEX CONCURRENTLY parted_n ON parted (id)', 'DROP INDEX CONCURRENTLY parted_id');
SELECT migrate_upgrade();
SELECT migrate_stamp('a');
SELECT migrate_downgrade('base');
SELECT hint FROM headway.history WHERE hint <> '' ORDER BY id;
SELECT migrate_stamp('base');
-- triggers that wait for the commit
CREATE TABLE one (id int PRIMARY KEY);
CREATE TABLE many (id int REFERENCES one DEFERRABLE INITIALLY DEFERRED);
SELECT migrate_revision('a', NULL, '', 'INSERT INTO one VALUES (1); INSERT INTO many VALUES (1); ALTER TABLE many ADD n int', '');
SELECT migrate_upgrade();
SELECT migrate_revision('a', NULL, '', 'INSERT INTO one VALUES (1); INSERT INTO many VALUES (1); SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE many ADD n int', '');
SELECT migrate_upgrade();
-- whose limit has ended it
SELECT migrate_revision('b', 'a', '', 'SELECT pg_sleep(60)', '');
SET statement_timeout = '300ms';
SELECT migrate_upgrade();
RESET statement_timeout;
SELECT message, detail, hint FROM headway.history WHERE revision = 'b';
-- a transaction that is not READ COMMITTED by a default
SELECT migrate_revision('b', 'a', '', 'SELECT 1', '');
SET default_transaction_isolation = 'repeatable read';
SELECT migrate_upgrade();
SELECT safe_reindex('one');
RESET default_transaction_isolation;
-- a name that is too long: at registration, and when it runs
SELECT migrate_revision('c', 'b', '', 'CREATE TABLE a_name_that_is_longer_than_the_sixty_three_bytes_that_a_name_may_have (id int); CREATE INDEX CONCURRENTLY i ON a_name_that_is_longer_than_the_sixty_three_bytes_that_a_name_may_have (id)', '');
SELECT migrate_upgrade();
-- a rewrite is told of when there were rows to keep from readers
SELECT migrate_revision('d', 'c', '', 'CREATE TABLE fresh (n int); INSERT INTO fresh VALUES (1); ALTER TABLE fresh ALTER n TYPE bigint', '');
CREATE TABLE empty (n int);
CREATE TABLE full_of_rows AS SELECT 1 AS n;
SELECT migrate_revision('e', 'd', '', 'ALTER TABLE empty ALTER n TYPE bigint; ALTER TABLE full_of_rows ALTER n TYPE bigint', '');
DO $$
DECLARE detail text; message text;
BEGIN
  PERFORM migrate_upgrade();
END $$;
DROP EXTENSION pg_headway;
DROP TABLE parted, one, many, fresh, empty, full_of_rows, a_name_that_is_longer_than_the_sixty_three_bytes_that_a_name_ma;
