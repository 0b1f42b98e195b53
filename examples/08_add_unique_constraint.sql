SELECT migrate_revision(
  revision      => 'yza567',
  down_revision => 'vwx234',
  message       => $msg$Add unique constraint on users.email

Ensure email addresses are unique across users for better data integrity.
It is refused while duplicates exist: clean up the data first.$msg$,
  upgrade       => $up$
    DO $$
    DECLARE
        duplicate_count integer;
    BEGIN
        SELECT count(*) INTO duplicate_count
        FROM (
            SELECT email FROM users WHERE email IS NOT NULL GROUP BY email HAVING count(*) > 1
        ) AS dups;
        IF duplicate_count > 0 THEN
            RAISE EXCEPTION 'Cannot add unique constraint: % duplicate emails found', duplicate_count;
        END IF;
    END $$;

    ALTER TABLE users
    ADD CONSTRAINT users_email_unique UNIQUE (email);
$up$,
  downgrade     => $down$
    ALTER TABLE users DROP CONSTRAINT IF EXISTS users_email_unique;
$down$);
