-- What holds a backfill back: the limits as users write them, and what is said of each. Standbys: test/t/019_pressure.pl.
CREATE FUNCTION look(time_window text, max_wal_rate text DEFAULT NULL, max_replica_lag int DEFAULT NULL) RETURNS text
  AS 'headway_guard_test', 'throttle_look' LANGUAGE C;
CREATE FUNCTION free_workers() RETURNS int AS 'headway_guard_test', 'throttle_free_workers' LANGUAGE C;

-- no limit, and limits that nothing exceeds; there is no standby and no archiver
SELECT look(NULL), look('', ''), look('00:00-24:00', '1000 TB/s', 1);

-- limits that are none
SELECT look('22:00');
SELECT look('Mon-Fri 25:00-06:00');
SELECT look('Weekdays 22:00-06:00');
SELECT look(NULL, '20');
SELECT look(NULL, '20MB/h');
SELECT look(NULL, '0 MB/s');
SELECT look(NULL, NULL, -1);
SELECT look(NULL, NULL, 0);
\echo :LAST_ERROR_SQLSTATE

-- the hours are those of the session: some zone is within this hour, another is not
CREATE FUNCTION at(zone text, time_window text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_catalog.set_config('TimeZone', zone, false);
  RETURN regexp_replace(regexp_replace(look(time_window), '"[^"]*"', '"..."'), 'in \d\S*( s)?', 'in ...');
END $$;
SELECT to_char(now() AT TIME ZONE 'UTC', 'HH24:MI') || '-' || to_char(now() AT TIME ZONE 'UTC' + '10 minutes', 'HH24:MI')
  AS window \gset
SELECT at('UTC', :'window'), at('Etc/GMT-5', :'window'), at('Etc/GMT+5', :'window');
-- and so are the days
SELECT to_char(now() AT TIME ZONE 'UTC', 'Dy') || ' 00:00-24:00' AS today,
  to_char(now() AT TIME ZONE 'UTC' + '1 day', 'Dy') || ' 00:00-24:00' AS tomorrow \gset
SELECT at('UTC', :'today'), at('UTC', :'tomorrow');
RESET TimeZone;

-- the WAL rate: after 4 MB at 64 kB/s there is something to wait for, and it is paid off with time
SELECT look(NULL, '64kB/s');
SELECT count(pg_logical_emit_message(false, 'throttle', repeat(md5(i::text), 32768))) AS "of 1 MB each"
FROM generate_series(1, 4) AS i;
SELECT regexp_replace(look(NULL, '64kB/s'), 'writes .*/s of', 'writes ... of');
SELECT look(NULL, '64MB/s') AS another_limit_begins_anew;
SELECT look(NULL) AS no_limit;

-- workers
SELECT free_workers() <= current_setting('max_worker_processes')::int AS at_most_all, free_workers() > 0 AS some;
DROP FUNCTION look, free_workers, at;
