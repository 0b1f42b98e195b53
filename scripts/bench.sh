#!/usr/bin/env bash
# Measures pg_headway beside its peers, in turn, on one private server, and prints ratios.
#
#   scripts/bench.sh [--rounds N] [--rows N] [revisions] [noop] [many] [backfill]
#
#   revisions  100 and 1,000 small revisions: each door beside `psql -f` (a transaction each) and `psql -1 -f`
#   noop       migrate_upgrade('head') at head with 5,000 registered revisions, time inside the server
#   many       5,000 revisions in one call, with the settings of a fresh installation
#   backfill   safe_backfill() beside one UPDATE and beside the loop of Example 5, on a bigint and on a uuid key
#
# Times are medians of the rounds (default 3). Nothing here is a test: no figure fails.
set -euo pipefail
source_root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$source_root/scripts/lib.sh"

rounds=3
rows=2000000
parts=()
while [ $# -gt 0 ]; do
  case $1 in
    --rounds) rounds=$2; shift ;;
    --rows) rows=$2; shift ;;
    -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d'; exit 0 ;;
    revisions | noop | many | backfill) parts+=("$1") ;;
    *) die "unknown argument: $1 (see --help)" ;;
  esac
  shift
done
[ ${#parts[@]} -gt 0 ] || parts=(revisions noop many backfill)

server_psql() { as_user "$bindir/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$work/t" -U bench "$@"; }

start_server() {
  as_user "$bindir/initdb" -D "$work/data" -U bench --encoding=UTF8 --no-locale -A trust >"$work/t/initdb.log" 2>&1
  as_user "$bindir/pg_ctl" -D "$work/data" -l "$work/t/server.log" -w \
    -o "-c listen_addresses='' -k '$work/t'" start >"$work/t/start.log"
}

fresh_database() {
  server_psql -d postgres -c "DROP DATABASE IF EXISTS $1" -c "CREATE DATABASE $1 TEMPLATE bench_template" -c CHECKPOINT
}

# Seconds that a command takes, into $took.
clock() {
  local from to
  from=$(date +%s%N)
  "$@" >"$work/t/out.log" 2>"$work/t/err.log" || { cat "$work/t/err.log" >&2; die "failed: $*"; }
  to=$(date +%s%N)
  took=$(((to - from) / 1000))
  took=$(awk -v us="$took" 'BEGIN { printf "%.4f", us / 1e6 }')
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

# The body of revision number i: every other one adds a column, the rest make tables.
generate() {
  awk -v n="$1" -v form="$2" 'BEGIN {
    for (i = 1; i <= n; i++) {
      id = sprintf("r%06d", i); parent = sprintf("r%06d", i - 1)
      if (i % 2) sql = sprintf("ALTER TABLE base_%d ADD COLUMN c%d integer", i % 20, i)
      else sql = sprintf("CREATE TABLE t%d (id bigint PRIMARY KEY, name text)", i)
      if (form == "register")
        printf "SELECT migrate_revision(%c%s%c, %s, %cstep %d%c, %c%s%c, %c%c);\n", 39, id, 39, \
          i == 1 ? "NULL" : sprintf("%c%s%c", 39, parent, 39), 39, i, 39, 39, sql, 39, 39, 39
      else {
        if (form == "each") print "BEGIN;"
        print sql ";"
        if (i == 1) printf "INSERT INTO alembic_version VALUES (%c%s%c);\n", 39, id, 39
        else printf "UPDATE alembic_version SET version_num = %c%s%c WHERE version_num = %c%s%c;\n", 39, id, 39, 39, parent, 39
        if (form == "each") print "COMMIT;"
      }
    }
  }'
}

make_template() {
  server_psql -d postgres -c "DROP DATABASE IF EXISTS bench_template" -c "CREATE DATABASE bench_template"
  {
    echo 'CREATE EXTENSION pg_headway; CREATE TABLE alembic_version (version_num text PRIMARY KEY);'
    for i in {0..19}; do echo "CREATE TABLE base_$i (id bigint PRIMARY KEY);"; done
  } | server_psql -d bench_template
}

bench_revisions() {
  local n round
  for n in 100 1000; do
    generate "$n" each >"$work/t/each.sql"
    generate "$n" one >"$work/t/one.sql"
    generate "$n" register >"$work/t/register.sql"
    rm -f "$work"/t/times.*
    for ((round = 0; round < rounds; round++)); do
      fresh_database bench
      clock server_psql -d bench -f "$work/t/each.sql"; echo "$took" >>"$work/t/times.each"
      fresh_database bench
      server_psql -d bench -f "$work/t/register.sql" >/dev/null
      clock server_psql -d bench -c "SELECT migrate_upgrade('head')"; echo "$took" >>"$work/t/times.worker"
      fresh_database bench
      clock server_psql -1 -d bench -f "$work/t/one.sql"; echo "$took" >>"$work/t/times.one"
      fresh_database bench
      server_psql -d bench -f "$work/t/register.sql" >/dev/null
      clock server_psql -1 -d bench -c "SELECT migrate_upgrade('head')"; echo "$took" >>"$work/t/times.caller"
    done
    local each one worker caller
    each=$(median <"$work/t/times.each"); one=$(median <"$work/t/times.one")
    worker=$(median <"$work/t/times.worker"); caller=$(median <"$work/t/times.caller")
    say "$n revisions, a transaction each:   psql -f ${each} s      migrate_upgrade ${worker} s      $(ratio "$worker" "$each")x"
    say "$n revisions, in one transaction:   psql -1 -f ${one} s   migrate_upgrade ${caller} s      $(ratio "$caller" "$one")x"
  done
}

# The server's own time for a statement, in milliseconds, from psql's \timing of a session that has warmed up.
timed_in_server() {
  { printf '%s;\n' "$1"; printf '%s\n' '\timing on'; for ((i = 0; i < 2 * rounds + 1; i++)); do echo "$1;"; done; } |
    as_user "$bindir/psql" -X -q -A -t -h "$work/t" -U bench -d bench 2>/dev/null |
    sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | median
}

bench_noop() {
  fresh_database bench
  generate 5000 register >"$work/t/register.sql"
  server_psql -1 -d bench -f "$work/t/register.sql" >/dev/null
  server_psql -d bench -c "SELECT migrate_stamp('head')" >/dev/null
  say "nothing to do with 5,000 registered:  worker $(timed_in_server 'SELECT migrate_upgrade()') ms      caller's transaction $(timed_in_server 'BEGIN; SELECT migrate_upgrade(); COMMIT' ) ms (largest part of it)      migrate_plan() $(timed_in_server 'SELECT count(*) FROM migrate_plan()') ms"
}

bench_many() {
  fresh_database bench
  generate 5000 register >"$work/t/register.sql"
  generate 5000 one >"$work/t/one.sql"
  server_psql -1 -d bench -f "$work/t/register.sql" >/dev/null
  clock server_psql -d bench -c "SELECT migrate_upgrade('head')"
  say "5,000 revisions with stock settings:  migrate_upgrade ${took} s, $(server_psql -d bench -c "SELECT count(*) FROM headway.history WHERE result = 'done'") done"
  fresh_database bench
  if server_psql -1 -d bench -f "$work/t/one.sql" >/dev/null 2>"$work/t/err.log"; then
    say "  the same by psql -1 -f: done"
  else
    say "  the same by psql -1 -f: $(sed -n 's/.*ERROR: *//p' "$work/t/err.log" | head -n 1)"
  fi
}

make_rows() {
  local key=$1
  fresh_database bench
  server_psql -d bench >/dev/null <<SQL
CREATE TABLE videos (id $key, legacy text, current text, created_at timestamptz DEFAULT now(), pad text);
INSERT INTO videos (legacy, pad) SELECT 'value ' || i, repeat('x', 130) FROM generate_series(1, $rows) AS i;
ALTER TABLE videos ADD PRIMARY KEY (id);
CREATE INDEX ON videos (created_at);
VACUUM (ANALYZE) videos;
CHECKPOINT;
SQL
}

# measure NAME SQL: time, WAL and growth of the heap of one statement on fresh rows.
measure() {
  local name=$1 sql=$2 wal_from wal pages_from pages longest
  wal_from=$(server_psql -d bench -c 'SELECT pg_current_wal_insert_lsn()')
  pages_from=$(server_psql -d bench -c "SELECT pg_relation_size('videos')")
  clock server_psql -d bench -c "$sql"
  wal=$(server_psql -d bench -c "SELECT round((pg_current_wal_insert_lsn() - '$wal_from'::pg_lsn) / 1048576.0)")
  pages=$(server_psql -d bench -c "SELECT round(pg_relation_size('videos') / $pages_from.0, 2)")
  longest=$(sed -n 's/.*the longest \([0-9.]* s\)\..*/\1/p' "$work/t/err.log")
  [ "$(server_psql -d bench -c 'SELECT count(*) FROM videos WHERE current IS DISTINCT FROM legacy')" = 0 ] ||
    die "$name has left rows undone"
  echo "$took" >>"$work/t/times.$name"
  say "  $name: $took s, WAL $wal MB, heap ${pages}x${longest:+, longest batch $longest}"
}

bench_backfill() {
  local key round
  local loop='DO $$ DECLARE n bigint; BEGIN LOOP
    UPDATE videos SET current = legacy
    WHERE id IN (SELECT id FROM videos WHERE current IS NULL AND legacy IS NOT NULL LIMIT 1000);
    GET DIAGNOSTICS n = ROW_COUNT; EXIT WHEN n = 0; END LOOP; END $$'
  for key in 'bigint GENERATED ALWAYS AS IDENTITY' 'uuid DEFAULT gen_random_uuid()'; do
    rm -f "$work"/t/times.*
    say "backfill of $rows rows, key ${key%% *}:"
    for ((round = 0; round < rounds; round++)); do
      make_rows "$key"
      measure update 'UPDATE videos SET current = legacy WHERE current IS NULL AND legacy IS NOT NULL'
      make_rows "$key"
      measure safe_backfill "SELECT safe_backfill('videos', 'current = legacy', 'current IS NULL AND legacy IS NOT NULL')"
    done
    make_rows "$key"
    measure example_5_loop "$loop"
    local update backfill
    update=$(median <"$work/t/times.update"); backfill=$(median <"$work/t/times.safe_backfill")
    say "  safe_backfill / UPDATE: $(ratio "$backfill" "$update")x    Example 5's loop / safe_backfill: $(ratio "$(median <"$work/t/times.example_5_loop")" "$backfill")x"
  done
}

choose_postgres
need "${pg_packages[@]}" g++ make libboost-dev
make_work
build_module
start_server
make_template
for part in "${parts[@]}"; do
  say "== $part"
  "bench_$part"
done
