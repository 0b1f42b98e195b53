SELECT migrate_revision(
  revision      => 'stu901',
  down_revision => 'pqr678',
  message       => $msg$Add 'archived' state to job_state enum

Support archiving of old completed jobs for data retention.$msg$,
  upgrade       => $up$
    ALTER TYPE job_state ADD VALUE IF NOT EXISTS 'archived';
$up$,
  downgrade     => $down$
    -- PostgreSQL cannot take an enum value back; the type would have to be made again. What matters is that no row uses
    -- it: if one does, the downgrade is refused (move such jobs to 'completed' first).
    DO $$
    DECLARE
        archived_count integer;
    BEGIN
        SELECT count(*) INTO archived_count FROM jobs WHERE state = 'archived';
        IF archived_count > 0 THEN
            RAISE EXCEPTION 'Cannot downgrade: % jobs in archived state', archived_count;
        END IF;
    END $$;
$down$);
