SELECT migrate_revision(
  revision      => 'ghi789',
  down_revision => 'def456',
  message       => $msg$Add processing_priority to jobs table

Allow prioritization of job processing by adding a priority field.$msg$,
  upgrade       => $up$
    -- A constant default is kept in the catalog: existing rows get it without being rewritten.
    ALTER TABLE jobs
    ADD COLUMN IF NOT EXISTS processing_priority int NOT NULL DEFAULT 100;
$up$,
  downgrade     => $down$
    ALTER TABLE jobs DROP COLUMN IF EXISTS processing_priority;
$down$);
