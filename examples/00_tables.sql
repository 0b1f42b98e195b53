-- The tables that the revisions build on. An application would have made them long ago; here they are the base.
SELECT migrate_revision(
  revision      => 'abc123',
  down_revision => NULL,
  message       => $msg$Create the first tables

videos, jobs, segments and users, as the later revisions find them.$msg$,
  upgrade       => $up$
    CREATE TABLE IF NOT EXISTS videos (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        title text NOT NULL,
        youtube_id text,
        youtube_video_id text,
        state text,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
    );

    CREATE TYPE job_state AS ENUM ('pending', 'running', 'completed', 'failed');
    CREATE TABLE IF NOT EXISTS jobs (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        video_id uuid REFERENCES videos (id),
        state job_state NOT NULL DEFAULT 'pending'
    );

    CREATE TABLE IF NOT EXISTS segments (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        video_id uuid NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
        created_at timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE IF NOT EXISTS users (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        email text
    );
$up$,
  downgrade     => $down$
    DROP TABLE IF EXISTS users;
    DROP TABLE IF EXISTS segments;
    DROP TABLE IF EXISTS jobs;
    DROP TYPE IF EXISTS job_state;
    DROP TABLE IF EXISTS videos;
$down$);
