-- safe_add_check(): NOT VALID, then VALIDATE.
CREATE EXTENSION pg_headway;

CREATE TABLE videos (id int PRIMARY KEY, price int, sale int);
INSERT INTO videos SELECT i, i - 1, 0 FROM generate_series(1, 100) i;

-- A row is in the way: it is found by the hint, corrected, and the same call goes on.
SELECT safe_add_check('videos', 'price > 0');
INSERT INTO videos VALUES (1000, 0, 0);
SELECT id FROM videos WHERE NOT (price > 0);
UPDATE videos SET price = 1 WHERE price = 0;
SELECT safe_add_check('videos', 'price > 0');
SELECT safe_add_check('videos', 'price > 0');

-- What counts is what it means, not how it is written; another one needs another name.
SELECT safe_add_check('videos', '  price>0 -- positive');
SELECT safe_add_check('videos', 'price > 1');
SELECT safe_add_check('videos', 'price > sale', name => 'On Sale');
SELECT safe_add_check('videos', 'price < 10 OR price >= 10');
ALTER TABLE videos ADD CONSTRAINT one UNIQUE (id, price);
SELECT safe_add_check('videos', 'price > 0', name => 'one');
SELECT conname, convalidated, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = 'videos'::regclass AND contype = 'c' ORDER BY 1;

-- One that was added by hand is validated.
ALTER TABLE videos ADD CONSTRAINT by_hand CHECK (sale >= 0) NOT VALID;
SELECT safe_add_check('videos', 'sale >= 0', name => 'by_hand');

-- Partitions are validated one by one.
CREATE TABLE views (day date, n int) PARTITION BY RANGE (day);
CREATE TABLE views_1 PARTITION OF views FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE views_2 PARTITION OF views FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
INSERT INTO views VALUES ('2025-01-01', 1), ('2025-02-01', -2);
SELECT safe_add_check('views', 'n > 0');
SELECT conrelid::regclass, convalidated FROM pg_constraint WHERE conname = 'views_n_check' ORDER BY 1;
DELETE FROM views WHERE n < 0;
SELECT safe_add_check('views', 'n > 0');
SELECT conrelid::regclass, convalidated FROM pg_constraint WHERE conname = 'views_n_check' ORDER BY 1;

-- As a statement of a revision.
SELECT migrate_revision('a', NULL, 'Prices', $$SELECT safe_add_check('videos', 'sale < 100')$$,
  $$ALTER TABLE videos DROP CONSTRAINT videos_sale_check$$);
SELECT migrate_upgrade('head');
SELECT migrate_downgrade('base');

-- Refused, with the reason.
SELECT safe_add_check('videos', 'price');
SELECT safe_add_check('videos', 'cost > 0');
SELECT safe_add_check('videos', 'price > 0) NOT VALID, DROP COLUMN sale, ADD CHECK (true');
SELECT safe_add_check('videos', 'true; DROP TABLE videos');
SELECT safe_add_check('videos', '(SELECT true)');
SELECT safe_add_check('videos', '');
SELECT safe_add_check('videos', NULL);
SELECT count(*) FROM videos;

DROP TABLE videos, views CASCADE;
DROP EXTENSION pg_headway CASCADE;
