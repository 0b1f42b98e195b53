SELECT migrate_revision(
  revision      => 'bcd890',
  down_revision => 'yza567',
  message       => $msg$Add auto-update trigger for videos.updated_at

Automatically update updated_at timestamp when videos are modified.$msg$,
  upgrade       => $up$
    CREATE OR REPLACE FUNCTION update_videos_updated_at()
    RETURNS trigger AS $$
    BEGIN
        NEW.updated_at = now();
        RETURN NEW;
    END;
    $$ LANGUAGE plpgsql;

    DROP TRIGGER IF EXISTS videos_updated_at_trigger ON videos;

    CREATE TRIGGER videos_updated_at_trigger
    BEFORE UPDATE ON videos
    FOR EACH ROW
    EXECUTE FUNCTION update_videos_updated_at();
$up$,
  downgrade     => $down$
    DROP TRIGGER IF EXISTS videos_updated_at_trigger ON videos;
    DROP FUNCTION IF EXISTS update_videos_updated_at();
$down$);
