#!/usr/bin/env bash
# A tour of pg_headway on a server of its own, which is gone afterwards. Installs what is missing.
#
#   scripts/demo.sh [--keep] [--rows N]
#
#   --keep     leave the server up at the end, and say how to look around and how to stop it
#   --rows N   size of the table that is backfilled (default: 1000000)

source_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$source_root/scripts/lib.sh"

keep=no
rows=1000000
while [ $# -gt 0 ]; do
  case $1 in
    --keep) keep=yes && shift ;;
    --rows) rows=${2:?} && shift 2 ;;
    *) sed -n '2,/^$/s/^# \{0,1\}//p' "$0" && exit 2 ;;
  esac
done

title() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

psql() { run "$bindir/psql" -X -h "$work/s" -U postgres -d demo -v ON_ERROR_STOP=1 -P pager=off "$@" 2>&1; }
quietly() { psql -q -o /dev/null -c 'SET client_min_messages = warning' "$@"; }

# show STATEMENT...: prints and runs the statements one by one, in one session.
show() {
  local statement text commands=()
  for statement in "$@"; do
    text="demo=# $statement"
    [ "${statement:0:1}" = "\\" ] || text+=';'
    text=${text//\\/\\\\}
    commands+=(-c "\\echo '\n${text//\'/\'\'}'" -c "$statement")
  done
  psql "${commands[@]}"
}

start_server() {
  as_user mkdir -m 700 "$work/s"
  step initdb "$bindir/initdb" -D "$work/data" -U postgres --auth=trust --no-locale --encoding=UTF8
  as_user tee -a "$work/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$work/s'
max_wal_size = 1GB
jit = off
CONF
  step start "$bindir/pg_ctl" -D "$work/data" -l "$work/server.log" -w start
  step createdb "$bindir/createdb" -h "$work/s" -U postgres demo
}

# ---- clients, so that it shows whether anyone has to wait -----------------------------------------------------

# Two clients read and write single rows of the big table, 100 transactions a second, until stop_clients.
start_clients() {
  as_user tee "$work/t/clients.sql" >/dev/null <<'SQL'
\set n random(1, :rows)
SELECT title FROM videos WHERE id = md5('' || :n)::uuid;
UPDATE videos SET updated_at = now() WHERE id = md5('' || :n)::uuid;
SQL
  as_user mkdir -p "$work/t/clients"
  background "$bindir/pgbench" -n -h "$work/s" -U postgres -c 2 -R 100 -T 3600 -D rows="$rows" -l \
    --log-prefix="$work/t/clients/log" -f "$work/t/clients.sql" demo >/dev/null 2>&1
  clients=$!
}

# Ends pgbench by ending its sessions, so that it writes out its log: the third column is microseconds from the time
# that the rate asks for. Sets served (transactions) and slowest (ms).
stop_clients() {
  quietly -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pgbench'"
  wait "$clients" || true
  read -r served slowest < <(cat "$work"/t/clients/log.* | awk '$3 > most { most = $3 } END { printf "%d %.0f\n", NR, most / 1000 }')
}

# Someone reads the table in a transaction of three seconds: in front of ALTER TABLE it makes everyone queue.
long_reader() {
  background "$bindir/psql" -X -q -h "$work/s" -U postgres -d demo -o /dev/null \
    -c 'BEGIN; SELECT count(*) FROM videos; SELECT pg_sleep(3); COMMIT'
  sleep 0.3
}

# ---- the tour -------------------------------------------------------------------------------------------------

load_revisions() {
  title 'The revisions: one file each, kept in git, loaded by any client, again and again without harm'
  say
  sed 's/^/    /' "$work/src/examples/01_add_column.sql"
  say
  local file
  for file in "$work"/src/examples/*.sql; do
    say "\$ psql -f examples/${file##*/}"
    quietly -f "$file"
  done
  show "SELECT step, revision, transactional, split_part(message, E'\\n', 1) AS message FROM migrate_plan('head')"
}

fill_tables() {
  title "The first revision makes the tables; $rows videos fill them, as in a database in use"
  show "SELECT migrate_upgrade('abc123')"
  quietly -c "INSERT INTO videos (id, title, youtube_id)
                SELECT md5(n::text)::uuid, 'Video ' || n, substr(md5('y' || n), 1, 11) FROM generate_series(1, $rows) n" \
    -c "INSERT INTO segments (video_id) SELECT id FROM videos LIMIT 300000" \
    -c "INSERT INTO users (email) SELECT 'user' || n || '@example.org' FROM generate_series(1, 1000) n" \
    -c "VACUUM ANALYZE"
  show "SELECT relname, reltuples::bigint AS rows, pg_size_pretty(pg_total_relation_size(oid)) AS size
          FROM pg_class WHERE relname IN ('videos', 'segments', 'users')"
}

upgrade() {
  title 'Up to the newest revision, with two clients at work on videos and a report reading it for three seconds'
  start_clients
  long_reader
  show "SELECT migrate_upgrade('head')"
  stop_clients
  say "The two clients had $served transactions meanwhile; the slowest took $slowest ms. The plain CREATE INDEX of mno345 keeps"
  say "writers out while it builds (its duration is below); pqr678 builds its index concurrently: no one waits for it."
}

look() {
  title 'Where are we, and how did we get here?'
  show 'SELECT * FROM migrate_current()'
  show "SELECT revision, down_revision, applied, split_part(message, E'\\n', 1) AS message FROM migrate_history()"
  show "SELECT revision, direction, result, lock_tries, duration FROM headway.history ORDER BY id"
  show "SELECT relation, set_clause, strategy, state, rows_done, batches, finished_at - started_at AS duration FROM headway.backfill"
  show '\d videos' '\d segments'
}

in_a_transaction() {
  title 'Inside a transaction of yours it is all or nothing with your COMMIT'
  show 'BEGIN' "SELECT migrate_downgrade('-1')" 'SELECT * FROM migrate_current()' 'ROLLBACK' 'SELECT * FROM migrate_current()'
}

down_and_up() {
  title 'Down to the empty database, and up again'
  show "SELECT migrate_downgrade('base')"
  show '\d'
  show "SELECT migrate_upgrade('head')"
  show '\d'
}

farewell() {
  if [ "$keep" = no ]; then
    title 'That was it. Stopping the server and removing its folder; "scripts/demo.sh --keep" leaves it up'
    return
  fi
  as_user tee "$work/stop" >/dev/null <<STOP
#!/bin/sh
# Stops the server of the demo and removes its folder.
kill -INT "\$(head -n 1 '$work/data/postmaster.pid')"
while [ -e '$work/data/postmaster.pid' ]; do sleep 0.1; done
rm -rf '$work'
STOP
  title 'The server stays up'
  say "look around:  $bindir/psql -h $work/s -U postgres demo"
  say "              SELECT * FROM migrate_history();   \\df migrate_*   \\d+ headway.*"
  say "              the revisions are in $work/src/examples, the server's log is $work/server.log"
  say "stop it:      sh $work/stop"
  work=
}

main() {
  choose_postgres
  need g++ make libboost-dev ccache "${pg_packages[@]}"
  make_work
  build_module
  start_server

  title 'A database with the extension'
  show 'CREATE EXTENSION pg_headway'
  load_revisions
  fill_tables
  upgrade
  look
  in_a_transaction
  down_and_up
  farewell
}

main
