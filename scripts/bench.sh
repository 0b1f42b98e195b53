#!/usr/bin/env bash
# Measures pg_headway beside its peers, in turn, on one private server, and prints ratios.
#
#   scripts/bench.sh [--rounds N] [--rows N] [revisions] [alembic] [graph] [many] [callers] [backfill] [scale] [traffic]
#                    [stall] [busy] [operations] [guard]
#
#   revisions  100 and 1,000 small revisions: each door beside `psql -f` (a transaction each) and `psql -1 -f`
#   alembic    the same revisions beside Debian's Alembic: upgrade, an upgrade with nothing to do, history, current; the
#              whole time of `alembic upgrade head` and of `psql -c "SELECT migrate_upgrade('head')"`. Skipped where
#              Alembic is not installed: apt-get install python3-alembic python3-psycopg2
#   graph      5,000 and 100,000 registered revisions: plans, runs with nothing to do, questions, one more revision; all
#              formats of 10,000 with branches and merges. Time inside the server, of the first call of a session and of
#              its later ones, and the peak of the session's memory. Then 5,000 and 20,000 registered one by one
#   many       5,000 revisions in one call, with the settings of a fresh installation
#   callers    64 calls of migrate_upgrade('head') at once with three CREATE INDEX CONCURRENTLY to do, beside a single one
#   backfill   safe_backfill() in storage order, by key and with two workers, beside one UPDATE, a loop by key that commits and the
#              loop of Example 5, on a bigint and on a uuid key, with a second index: time, CPU, WAL, sizes, longest batch; and
#              what a call costs that finds nothing to do. --rows for other numbers than 2,000,000
#   scale      safe_backfill() on --rows and on ten times as many: what a row costs
#   traffic    the same among point reads and updates: what the others notice
#   stall      ALTER TABLE ADD COLUMN behind a reader of 20 seconds: how long other clients of the table wait meanwhile,
#              and when it is through; beside psql, Alembic and nothing at all
#   busy       the same under short reads that always overlap, so that the table is never free
#   operations safe_set_not_null() and safe_add_foreign_key() on 5,000,000 rows under half the traffic that the machine
#              can do, beside the plain forms: what the others notice
#   guard      what a statement costs more than in psql when nothing is in its way
#
# In stall, busy and operations pgbench is the other clients: eight, four reads of a row for each write, at a fixed
# rate. A wait is counted from when a transaction was due, so none is missed while all of them are stalled. They do not
# wait for the disk (synchronous_commit = off): that would hide what they wait for. The time of whoever does the
# migration is from the start of its process to its end.
#
# Times are medians of the rounds (default 3), contenders in turn. Nothing here is a test: no figure fails.
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
    revisions | alembic | graph | many | callers | backfill | scale | traffic | stall | busy | operations | guard) parts+=("$1") ;;
    *) die "unknown argument: $1 (see --help)" ;;
  esac
  shift
done
[ ${#parts[@]} -gt 0 ] || parts=(revisions alembic graph many callers backfill scale traffic stall busy operations guard)

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

# timed NAME COMMAND...: the same, noted as one of the times of NAME.
timed() {
  local name=$1
  shift
  clock "$@"
  echo "$took" >>"$work/t/times.$name"
}

# middle NAME: the median of its times.
middle() { median <"$work/t/times.$1"; }

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

# The body of revision number i: every other one adds a column, the rest make tables. With the form "alembic" each is a
# file in $work/t/alembic/versions, else all are one script.
generate() {
  as_user awk -v n="$1" -v form="$2" -v folder="$work/t/alembic/versions" 'BEGIN {
    for (i = 1; i <= n; i++) {
      id = sprintf("r%06d", i); parent = sprintf("r%06d", i - 1)
      if (i % 2) sql = sprintf("ALTER TABLE base_%d ADD COLUMN c%d integer", i % 20, i)
      else sql = sprintf("CREATE TABLE t%d (id bigint PRIMARY KEY, name text)", i)
      if (form == "register")
        printf "SELECT migrate_revision(%c%s%c, %s, %cstep %d%c, %c%s%c, %c%c);\n", 39, id, 39, \
          i == 1 ? "NULL" : sprintf("%c%s%c", 39, parent, 39), 39, i, 39, 39, sql, 39, 39, 39
      else if (form == "alembic") {
        file = folder "/" id ".py"
        printf "\"\"\"step %d\"\"\"\nfrom alembic import op\n\nrevision = \"%s\"\ndown_revision = %s\n\n\n", i, id, \
          i == 1 ? "None" : "\"" parent "\"" >file
        printf "def upgrade():\n    op.execute(\"%s\")\n\n\ndef downgrade():\n    pass\n", sql >file
        close(file)
      } else {
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

# A fresh database that knows the revisions of register.sql.
registered_database() {
  fresh_database bench
  server_psql -1 -d bench -f "$work/t/register.sql" >/dev/null
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
      timed each server_psql -d bench -f "$work/t/each.sql"
      registered_database
      timed worker server_psql -d bench -c "SELECT migrate_upgrade('head')"
      fresh_database bench
      timed one server_psql -1 -d bench -f "$work/t/one.sql"
      registered_database
      timed caller server_psql -1 -d bench -c "SELECT migrate_upgrade('head')"
    done
    say "$n revisions, a transaction each:   psql -f $(middle each) s      migrate_upgrade $(middle worker) s      $(ratio "$(middle worker)" "$(middle each)")x"
    say "$n revisions, in one transaction:   psql -1 -f $(middle one) s   migrate_upgrade $(middle caller) s      $(ratio "$(middle caller)" "$(middle one)")x"
  done
}

# ---- beside Alembic -------------------------------------------------------------------------------------------

alembic() { as_user /usr/bin/python3 -m alembic -c "$work/t/alembic/alembic.ini" "$@"; }
migrate() { server_psql -d bench -c "SELECT migrate_upgrade('head')" "$@"; }
register_and_migrate() { server_psql -1 -d bench -f "$work/t/register.sql" && migrate -q; }

# What `alembic init` makes, without what it says about other databases; -x each=1 asks for a transaction each.
make_alembic_project() {
  rm -rf "$work/t/alembic"
  as_user mkdir -p "$work/t/alembic/versions"
  generate "$1" alembic
  cat >"$work/t/alembic/alembic.ini" <<INI
[alembic]
script_location = $work/t/alembic
sqlalchemy.url = postgresql+psycopg2://bench@/bench?host=$work/t
INI
  cat >"$work/t/alembic/env.py" <<'PYTHON'
from alembic import context
from sqlalchemy import engine_from_config, pool

settings = context.config.get_section(context.config.config_ini_section)
engine = engine_from_config(settings, prefix="sqlalchemy.", poolclass=pool.NullPool)
each = "each" in context.get_x_argument(as_dictionary=True)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=None, transaction_per_migration=each)
    with context.begin_transaction():
        context.run_migrations()
PYTHON
  fresh_database bench
  alembic heads >/dev/null  # writes the byte code of all files, as any earlier run has done
}

# One round; at its end both databases are at head.
alembic_round() {
  fresh_database bench
  timed alembic_one alembic upgrade head
  registered_database
  timed caller migrate -1
  fresh_database bench
  timed registered register_and_migrate
  registered_database
  timed worker migrate
  migrate_questions
  fresh_database bench
  timed alembic_each alembic -x each=1 upgrade head
  alembic_questions
}

alembic_questions() {
  timed alembic_noop alembic upgrade head
  timed alembic_history alembic history
  timed alembic_current alembic current
}

migrate_questions() {
  timed noop migrate
  timed history server_psql -d bench -c 'SELECT * FROM migrate_history()'
  timed current server_psql -d bench -c 'SELECT * FROM migrate_current()'
}

# beside LABEL ALEMBIC OURS
beside() {
  say "$(printf '  %-44s alembic %8s s   pg_headway %8s s   %sx' "$1" "$(middle "$2")" "$(middle "$3")" \
    "$(ratio "$(middle "$3")" "$(middle "$2")")")"
}

bench_alembic() {
  if ! has_alembic; then
    say "skipped: needs Alembic; apt-get install python3-alembic python3-psycopg2"
    return
  fi
  local n round
  for n in 100 1000; do
    make_alembic_project "$n"
    generate "$n" register >"$work/t/register.sql"
    rm -f "$work"/t/times.*
    for ((round = 0; round < rounds; round++)); do alembic_round; done
    say "$n revisions, whole processes:"
    beside 'upgrade head, one transaction' alembic_one caller
    beside 'upgrade head, a transaction each' alembic_each worker
    beside 'the same, files registered first' alembic_each registered
    beside 'upgrade head, nothing to do' alembic_noop noop
    beside history alembic_history history
    beside current alembic_current current
  done
}

# ---- large graphs ---------------------------------------------------------------------------------------------

# The server's own time for a statement, in milliseconds: four times in a session. The last line is the peak of the
# session's memory, in MB.
session_times() {
  {
    printf '%s\n' '\timing on'
    for _ in {1..4}; do echo "$1 \\g /dev/null"; done
    printf '%s\n' '\timing off'
    echo "SELECT substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\s*(\d+)')::bigint / 1024"
  } | server_psql -d bench 2>"$work/t/err.log" | sed 's/^Time: \([0-9.]*\) ms.*/\1/'
}

in_server() {
  local round
  rm -f "$work"/t/times.*
  for ((round = 0; round < rounds; round++)); do
    session_times "$2" >"$work/t/session" || { cat "$work/t/err.log" >&2; die "failed: $2"; }
    sed -n 1p "$work/t/session" >>"$work/t/times.first"
    sed -n 2,4p "$work/t/session" >>"$work/t/times.later"
    sed -n 5p "$work/t/session" >>"$work/t/times.peak"
  done
  say "$(printf '  %-40s first %8.1f ms   then %8.1f ms   peak %4s MB' "$1" "$(middle first)" "$(middle later)" "$(middle peak)")"
}

# register_graph N PARENTS: the revisions 1 to N at once. Their ids look as random as Alembic's, id(i) is the i-th.
register_graph() {
  fresh_database bench
  server_psql -d bench -v n="$1" -v parents="$2" >/dev/null <<'SQL'
CREATE FUNCTION id(i bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT substr(md5(i::text), 1, 12) $$;
INSERT INTO headway.revision (revision, down_revision, message, upgrade, downgrade)
SELECT id(i), ARRAY(SELECT id(p) FROM unnest(:parents) AS p WHERE p > 0), 'step ' || i, 'SELECT ' || i, ''
FROM generate_series(1, :n) AS i;
VACUUM ANALYZE headway.revision;
SQL
}

chain='ARRAY[i - 1]'
# Fifty lanes; in each the ninth of ten revisions is a branch beside the eighth, and the tenth merges the two.
lanes='CASE (i / 50) % 10 WHEN 8 THEN ARRAY[i - 100] WHEN 9 THEN ARRAY[i - 50, i - 100] ELSE ARRAY[i - 50] END'

bench_chain() {
  register_graph "$1" "$chain"
  say "$1 registered, a chain:"
  in_server "plan of all" "SELECT count(*) FROM migrate_plan('head')"
  server_psql -d bench -c "SELECT migrate_stamp('head')" >/dev/null
  in_server "plan of nothing" "SELECT count(*) FROM migrate_plan('head')"
  in_server "plan of all, downwards" "SELECT count(*) FROM migrate_plan('base', 'downgrade')"
  in_server "upgrade, nothing to do" "SELECT migrate_upgrade('head')"
  in_server "migrate_current()" 'SELECT * FROM migrate_current()'
  in_server "migrate_heads()" 'SELECT * FROM migrate_heads()'
  in_server "migrate_show()" "SELECT * FROM migrate_show('head')"
  in_server "migrate_check()" 'SELECT * FROM migrate_check()'
  in_server "one more registered" "SELECT migrate_revision('n' || txid_current(), NULL, 'one more', 'SELECT 1', '')"
}

bench_lanes() {
  register_graph "$1" "$lanes"
  say "$1 registered, branches and merges:"
  in_server "plan of all" "SELECT count(*) FROM migrate_plan('heads')"
  in_server "migrate_history()" 'SELECT * FROM migrate_history()'
  in_server "migrate_graph('text')" "SELECT migrate_graph('text')"
  in_server "migrate_graph('dot')" "SELECT migrate_graph('dot')"
  in_server "migrate_graph('mermaid')" "SELECT migrate_graph('mermaid')"
}

bench_graph() {
  local n
  for n in 5000 100000; do bench_chain "$n"; done
  for n in 10000 100000; do bench_lanes "$n"; done
  for n in 5000 20000; do
    generate "$n" register >"$work/t/register.sql"
    fresh_database bench
    clock server_psql -1 -d bench -f "$work/t/register.sql"
    say "$n registered one by one, in one transaction: $took s"
  done
}

# ---- and the rest ---------------------------------------------------------------------------------------------

bench_many() {
  generate 5000 register >"$work/t/register.sql"
  generate 5000 one >"$work/t/one.sql"
  registered_database
  clock server_psql -d bench -c "SELECT migrate_upgrade('head')"
  say "5,000 revisions with stock settings:  migrate_upgrade ${took} s, $(server_psql -d bench -c "SELECT count(*) FROM headway.history WHERE result = 'done'") done"
  fresh_database bench
  if server_psql -1 -d bench -f "$work/t/one.sql" >/dev/null 2>"$work/t/err.log"; then
    say "  the same by psql -1 -f: done"
  else
    say "  the same by psql -1 -f: $(sed -n 's/.*ERROR: *//p' "$work/t/err.log" | head -n 1)"
  fi
}

at_once() {
  local i pids=()
  for ((i = 0; i < $1; i++)); do
    server_psql -d bench -c "SELECT migrate_upgrade('head')" >>"$work/t/callers" 2>>"$work/t/callers.err" &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i" || die "a call failed: $(tail -n 1 "$work/t/callers.err")"; done
}

nothing() { server_psql -d bench -c 'SELECT 1' >/dev/null; }

bench_callers() {
  local round count
  rm -f "$work"/t/times.*
  for ((round = 0; round < rounds; round++)); do
    for count in 1 64; do
      fresh_database bench
      server_psql -d bench >/dev/null <<'SQL'
CREATE TABLE t AS SELECT i AS id, i % 10 AS n FROM generate_series(1, 500000) AS i;
SELECT migrate_revision('r' || i, 'r' || nullif(i, 1) - 1, 'index ' || i, 'CREATE INDEX CONCURRENTLY t_' || i || ' ON t (id, n)')
FROM generate_series(1, 3) AS i;
VACUUM ANALYZE t;
SQL
      rm -f "$work/t/callers"
      timed "$count" at_once "$count"
      [ "$(sort "$work/t/callers" | uniq -c | xargs)" = "$([ "$count" = 1 ] || echo '63 0 ')1 3" ] ||
        die "not one has applied, and the others nothing: $(sort "$work/t/callers" | uniq -c | xargs)"
    done
    timed connect many_connections 64
  done
  say "three indexes, concurrently: one caller $(middle 1) s, 64 at once $(middle 64) s: $(ratio "$(middle 64)" "$(middle 1)")x; 64 psql that do nothing take $(middle connect) s"
}

many_connections() {
  local i pids=()
  for ((i = 0; i < $1; i++)); do
    nothing &
    pids+=($!)
  done
  wait "${pids[@]}"
}

# make_rows KEY GROWS: rows of about 218 bytes, on tight pages; $heap_before is the size of the heap.
make_rows() {
  local key=$1 type=text value="'value ' || i || repeat('y', 20)"
  [ "$2" = yes ] || { type=bigint; value=i; }
  fresh_database bench
  server_psql -d bench >/dev/null <<SQL
CREATE TABLE videos (id $key, legacy $type, current $type, created_at timestamptz DEFAULT clock_timestamp(), pad text);
INSERT INTO videos (legacy, pad) SELECT $value, repeat('x', 130) FROM generate_series(1, $rows) AS i;
ALTER TABLE videos ADD PRIMARY KEY (id);
CREATE INDEX ON videos (created_at);
VACUUM (ANALYZE) videos;
CHECKPOINT;
SQL
  heap_before=$(server_psql -d bench -c "SELECT pg_relation_size('videos')")
}

# In hundredths of a second: of all processes of the server that have ended.
cpu_ticks() { awk '{ print $16 + $17 }' "/proc/$(head -n 1 "$work/data/postmaster.pid")/stat"; }

sizes() {
  server_psql -d bench -F ' ' -c "SELECT pg_relation_size('videos'), pg_indexes_size('videos'), pg_current_wal_insert_lsn() - '0/0'"
}

# measure NAME SQL: one statement on fresh rows: wall and CPU seconds, WAL, growth of heap and indexes, longest batch.
measure() {
  local name=$1 sql=$2 heap indexes wal heap_to indexes_to wal_to cpu longest
  read -r heap indexes wal < <(sizes)
  sleep 0.1
  cpu=$(cpu_ticks)
  clock server_psql -d bench -c "$sql"
  sleep 0.2
  cpu=$(awk -v from="$cpu" -v to="$(cpu_ticks)" 'BEGIN { printf "%.2f", (to - from) / 100 }')
  read -r heap_to indexes_to wal_to < <(sizes)
  longest=$(sed -n 's/.*the longest batch \([0-9]*\) ms\..*/\1/p' "$work/t/err.log")
  [ "$(server_psql -d bench -c "SELECT count(*) FROM videos WHERE $undone")" = 0 ] || die "$name has left rows undone"
  echo "$took" >>"$work/t/times.$name.wall"
  echo "$cpu" >>"$work/t/times.$name.cpu"
  awk -v a="$wal" -v b="$wal_to" 'BEGIN { printf "%.0f\n", (b - a) / 1048576 }' >>"$work/t/times.$name.wal"
  printf '%s\n' "$(ratio "$heap_to" "$heap")" >>"$work/t/times.$name.heap"
  printf '%s\n' "$(ratio "$indexes_to" "$indexes")" >>"$work/t/times.$name.indexes"
  echo "${longest:--}" >>"$work/t/times.$name.longest"
}

# measured NAME LABEL: its medians, and how they are to those of the single UPDATE.
measured() {
  say "$(printf '  %-26s wall %7.2f s %5sx   CPU %7.2f s %5sx   WAL %6d MB %5sx   heap %5sx   indexes %5sx   longest %6s ms' "$2" \
    "$(middle "$1.wall")" "$(ratio "$(middle "$1.wall")" "$(middle update.wall)")" \
    "$(middle "$1.cpu")" "$(ratio "$(middle "$1.cpu")" "$(middle update.cpu)")" \
    "$(middle "$1.wal")" "$(ratio "$(middle "$1.wal")" "$(middle update.wal)")" \
    "$(middle "$1.heap")" "$(middle "$1.indexes")" "$(middle "$1.longest")")"
}

undone='current IS NULL AND legacy IS NOT NULL'

# As people write it by hand: Example 5 (one transaction, from the top each time), and by the key with a commit each.
make_loops() {
  server_psql -d bench -c "CREATE PROCEDURE example_5() LANGUAGE plpgsql AS \$\$
    DECLARE n bigint; BEGIN LOOP
      UPDATE videos SET current = legacy WHERE id IN (SELECT id FROM videos WHERE $undone LIMIT 1000);
      GET DIAGNOSTICS n = ROW_COUNT; EXIT WHEN n = 0; END LOOP; END \$\$" -c "CREATE PROCEDURE keyset() LANGUAGE plpgsql AS \$\$
    DECLARE at videos.id%TYPE; upto videos.id%TYPE; BEGIN LOOP
      SELECT id INTO upto FROM (SELECT id FROM videos WHERE at IS NULL OR id > at ORDER BY id LIMIT 5000) b ORDER BY id DESC LIMIT 1;
      EXIT WHEN upto IS NULL;
      UPDATE videos SET current = legacy WHERE id <= upto AND (at IS NULL OR id > at) AND $undone;
      COMMIT; at := upto; END LOOP; END \$\$"
}

# contender NAME SQL: on rows of its own.
contender() {
  make_rows "$key" "$grows"
  make_loops
  measure "$@"
}

# With values that make the rows about 17 % longer, or as long as they were: then a number takes the place of another.
bench_backfill() {
  local key grows round backfill="SELECT safe_backfill('videos', 'current = legacy', '$undone'"
  for key in 'bigint GENERATED ALWAYS AS IDENTITY' 'uuid DEFAULT gen_random_uuid()'; do
    for grows in yes no; do
      [ "$grows" = yes ] || [ "${key%% *}" = bigint ] || continue
      rm -f "$work"/t/times.*
      for ((round = 0; round < rounds; round++)); do
        contender update "UPDATE videos SET current = legacy WHERE $undone"
        contender backfill "$backfill)"
        contender by_key "$backfill, strategy => 'key')"
        contender two "$backfill, workers => 2)"
        [ "$grows" = yes ] || continue
        contender keyset 'CALL keyset()'
        contender example_5 'CALL example_5()'
      done
      server_psql -d bench -c 'VACUUM (FULL) videos'
      say "$rows rows, key ${key%% *}, $([ "$grows" = yes ] && echo 'longer afterwards' || echo 'as long as before'); written tight the heap is $(ratio "$(server_psql -d bench -c "SELECT pg_relation_size('videos')")" "$heap_before")x:"
      measured update 'one UPDATE'
      measured backfill 'safe_backfill'
      measured by_key "safe_backfill, by key"
      measured two 'safe_backfill, 2 workers'
      [ "$grows" = yes ] || continue
      measured keyset 'loop by key, commits'
      measured example_5 'loop of Example 5'
      make_rows "$key" "$grows"
      server_psql -d bench -c 'UPDATE videos SET current = legacy' -c 'VACUUM (FULL, ANALYZE) videos' -c 'SET max_parallel_workers_per_gather = 0; SELECT count(*) FROM videos' >/dev/null
      for ((round = 0; round < rounds; round++)); do
        timed count server_psql -d bench -c "SET max_parallel_workers_per_gather = 0; SELECT count(*) FROM videos WHERE $undone"
        timed nothing server_psql -d bench -c "$backfill)"
      done
      say "  nothing matches: $(middle nothing) s, count(*) with that condition $(middle count) s: $(ratio "$(middle nothing)" "$(middle count)")x"
    done
  done
}

# per_row NAME ROWS LABEL: what a row has cost, in microseconds and bytes of WAL.
per_row() {
  say "$(printf '  %-12s rows   wall %6.2f us   CPU %6.2f us   WAL %5.0f bytes   heap %5sx   indexes %5sx   longest %6s ms' "$2" \
    "$(awk -v s="$(middle "$1.wall")" -v n="$2" 'BEGIN { print s * 1e6 / n }')" \
    "$(awk -v s="$(middle "$1.cpu")" -v n="$2" 'BEGIN { print s * 1e6 / n }')" \
    "$(awk -v mb="$(middle "$1.wal")" -v n="$2" 'BEGIN { print mb * 1048576 / n }')" \
    "$(middle "$1.heap")" "$(middle "$1.indexes")" "$(middle "$1.longest")")"
}

bench_scale() {
  local round few=$rows key='bigint GENERATED ALWAYS AS IDENTITY' grows=yes
  rm -f "$work"/t/times.*
  for ((round = 0; round < rounds; round++)); do
    rows=$few
    contender few "SELECT safe_backfill('videos', 'current = legacy', '$undone')"
    rows=$((few * 10))
    contender many "SELECT safe_backfill('videos', 'current = legacy', '$undone')"
  done
  rows=$few
  say 'safe_backfill, bigint key, rows longer afterwards:'
  per_row few "$few"
  per_row many $((few * 10))
  say "  a row of ten times as many: wall $(awk -v a="$(middle many.wall)" -v b="$(middle few.wall)" 'BEGIN { printf "%.2f", a / b / 10 }')x, CPU $(awk -v a="$(middle many.cpu)" -v b="$(middle few.cpu)" 'BEGIN { printf "%.2f", a / b / 10 }')x"
  say '  aimed at: <= 1.15x'
}

# traffic_round NAME SQL: on rows of their own, among point reads and updates.
traffic_round() {
  make_rows 'bigint GENERATED ALWAYS AS IDENTITY' yes
  make_loops
  server_psql -d bench -c 'ALTER TABLE videos ADD COLUMN title text, ADD COLUMN views bigint DEFAULT 0' -c CHECKPOINT
  video_rows=$rows
  traffic "$traffic_seconds" 300
  sleep 2
  watched "$1" server_psql -d bench -c "$2"
}

bench_traffic() {
  local round traffic_seconds=60 backfill="SELECT safe_backfill('videos', 'current = legacy', '$undone'"
  rm -f "$work"/t/times.*
  for ((round = 0; round < rounds; round++)); do
    traffic_round nothing 'SELECT pg_sleep(10)'
    traffic_round update "UPDATE videos SET current = legacy WHERE $undone"
    traffic_round keyset 'CALL keyset()'
    traffic_round example_5 'CALL example_5()'
    traffic_round backfill "$backfill)"
    traffic_round two "$backfill, workers => 2)"
  done
  say "$rows rows under 300 transactions a second of point reads and updates:"
  others nothing 'the traffic alone' ''
  others update 'one UPDATE' "$(middle update.took) s"
  others keyset 'loop by key, commits' "$(middle keyset.took) s"
  others example_5 'loop of Example 5' "$(middle example_5.took) s"
  others backfill 'safe_backfill' "$(middle backfill.took) s"
  others two 'safe_backfill, 2 workers' "$(middle two.took) s"
  say '  aimed at: p99 <= 4x that of the traffic alone, longest <= 40 ms'
}

# ---- what others notice of a lock -----------------------------------------------------------------------------

now() { date +%s.%N; }
later() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f\n", a - b }'; }

# make_videos N: rows with a channel each, and a revision that adds a column.
make_videos() {
  video_rows=$1
  fresh_database bench
  server_psql -d bench >/dev/null <<SQL
CREATE TABLE channels (id int PRIMARY KEY, name text);
INSERT INTO channels SELECT i, 'channel ' || i FROM generate_series(1, 1000) AS i;
CREATE TABLE videos (id bigint PRIMARY KEY, channel int, title text, views bigint DEFAULT 0) WITH (fillfactor = 90);
INSERT INTO videos SELECT i, 1 + i % 1000, 'title ' || i FROM generate_series(1, $1) AS i;
SELECT migrate_revision('a', NULL, 'A column', 'ALTER TABLE videos ADD COLUMN extra int', '');
VACUUM (ANALYZE) videos, channels;
CHECKPOINT;
SQL
}

# traffic SECONDS [RATE]: the other clients, in the background; without a rate as fast as they can.
traffic() {
  rm -f "$work"/t/traffic.*
  local set="\\set id random(1, $video_rows)"
  printf '%s\nSELECT title, views FROM videos WHERE id = :id;\n' "$set" >"$work/t/read.sql"
  printf '%s\nUPDATE videos SET views = views + 1 WHERE id = :id;\n' "$set" >"$work/t/write.sql"
  background "$bindir/pgbench" -h "$work/t" -U bench -n -M prepared -c 8 -j 1 -T "$1" ${2:+-R "$2"} \
    --log --log-prefix="$work/t/traffic" -f "$work/t/read.sql@4" -f "$work/t/write.sql@1" \
    "dbname=bench options='-c synchronous_commit=off'" >"$work/t/pgbench.log" 2>&1
  traffic=$!
}

# noticed FROM TO: of what ended between these times and a second later: the 99th percentile and the longest, in ms.
noticed() {
  cat "$work"/t/traffic.* | awk -v from="$1" -v to="$2" '{
    end = $5 + $6 / 1e6
    if (end >= from && end <= to + 1) print $3 / 1000
  }' | sort -n | awk '{ v[NR] = $1 } END { printf "%.1f %.1f\n", v[int(NR * 0.99 + 0.5)], v[NR] }'
}

# watched NAME COMMAND...: runs it among the traffic; notes its time and what the others have noticed of it.
watched() {
  local name=$1 from to p99 longest
  shift
  from=$(now)
  "$@" >"$work/t/out.log" 2>"$work/t/err.log" || { cat "$work/t/err.log" >&2; die "failed: $*"; }
  to=$(now)
  wait "$traffic" || { cat "$work/t/pgbench.log" >&2; die "the traffic has failed"; }
  read -r p99 longest < <(noticed "$from" "$to")
  ended=$to
  later "$to" "$from" >>"$work/t/times.$name.took"
  echo "$p99" >>"$work/t/times.$name.p99"
  echo "$longest" >>"$work/t/times.$name.longest"
}

# others NAME LABEL MORE: what was noted, on a line.
others() {
  say "$(printf '  %-34s others: p99 %8.1f ms, longest %8.1f ms%s' "$2" "$(middle "$1.p99")" "$(middle "$1.longest")" "${3:+   $3}")"
}

add_column() { server_psql -d bench -c 'ALTER TABLE videos ADD COLUMN extra int'; }

add_column_in_alembic() {
  rm -f "$work"/t/alembic/versions/*.py
  printf 'from alembic import op\n\nrevision = "a"\ndown_revision = None\n\n\ndef upgrade():\n    op.execute("%s")\n' \
    'ALTER TABLE videos ADD COLUMN extra int' >"$work/t/alembic/versions/a.py"
  alembic upgrade head
}

has_alembic() { as_user /usr/bin/python3 -c 'import alembic, psycopg2' 2>/dev/null; }

reader_seconds=20

# stall_round NAME COMMAND...: the reader is there a second before the command.
stall_round() {
  make_videos 100000
  traffic $((reader_seconds + 6)) 300
  sleep 1
  background "$bindir/psql" -X -q -A -t -h "$work/t" -U bench -d bench -c BEGIN -c 'SELECT count(*) FROM videos' \
    -c "SELECT pg_sleep($reader_seconds)" -c COMMIT -c 'SELECT extract(epoch FROM clock_timestamp())' >"$work/t/reader.log"
  local reader=$!
  sleep 1
  watched "$@"
  wait "$reader"
  later "$ended" "$(tail -n 1 "$work/t/reader.log")" >>"$work/t/times.$1.behind"
}

bench_stall() {
  local round alembic=
  if has_alembic; then
    alembic=yes
    make_alembic_project 0
  fi
  rm -f "$work"/t/times.*
  for ((round = 0; round < rounds; round++)); do
    stall_round nothing sleep "$reader_seconds"
    stall_round psql add_column
    [ -z "$alembic" ] || stall_round alembic add_column_in_alembic
    stall_round migrate migrate
  done
  say "ADD COLUMN behind a reader of $reader_seconds s; the time is from the reader's end to its own:"
  others nothing 'the reader alone' ''
  others psql psql "$(middle psql.behind) s"
  if [ -n "$alembic" ]; then others alembic Alembic "$(middle alembic.behind) s"; else say '  Alembic: skipped, not installed'; fi
  others migrate 'migrate_upgrade()' "$(middle migrate.behind) s"
  say '  aimed at: longest <= 20 ms while hovering, never above lock_timeout + 50 ms = 150 ms; <= 1 s'
}

busy_round() {
  make_videos 100000
  printf 'BEGIN;\nSELECT count(*) FROM videos WHERE id < 10;\n\\sleep 100 ms\nCOMMIT;\n' >"$work/t/overlap.sql"
  traffic 15 300
  background "$bindir/pgbench" -h "$work/t" -U bench -n -c 6 -j 1 -T 15 -f "$work/t/overlap.sql" bench \
    >"$work/t/overlap.log" 2>&1
  local readers=$!
  sleep 2
  watched "$@"
  wait "$readers"
}

bench_busy() {
  local round
  rm -f "$work"/t/times.*
  for ((round = 0; round < rounds; round++)); do
    busy_round nothing sleep 5
    busy_round psql add_column
    busy_round migrate migrate
  done
  say 'ADD COLUMN under six readers of 0.1 s each that always overlap; the time is its own:'
  others nothing 'the readers alone' ''
  others psql psql "$(middle psql.took) s"
  others migrate 'migrate_upgrade()' "$(middle migrate.took) s"
  say '  aimed at: longest <= lock_timeout_max + 50 ms = 1050 ms; <= 10 s'
}

# operation_round NAME SQL UNDO
operation_round() {
  traffic "$traffic_seconds" "$rate"
  sleep 2
  watched "$1" server_psql -d bench -c "$2"
  [ -z "$3" ] || server_psql -d bench -c "$3"
  server_psql -d bench -c 'VACUUM videos' -c CHECKPOINT
}

has_function() { [ "$(server_psql -d bench -c "SELECT count(*) FROM pg_proc WHERE proname = '$1'")" != 0 ]; }

bench_operations() {
  local round rate traffic_seconds=5 constraint='ALTER TABLE videos DROP CONSTRAINT IF EXISTS videos_channel_fkey'
  local nullable='ALTER TABLE videos ALTER title DROP NOT NULL'
  rm -f "$work"/t/times.*
  make_videos 5000000
  traffic 10
  wait "$traffic"
  rate=$(awk '/^tps/ { print int($3 / 2) }' "$work/t/pgbench.log")
  traffic_seconds=25
  for ((round = 0; round < rounds; round++)); do
    operation_round nothing 'SELECT pg_sleep(10)' ''
    operation_round scan 'SET max_parallel_workers_per_gather = 0; SELECT count(*) FROM videos WHERE title IS NULL' ''
    operation_round plain_not_null 'ALTER TABLE videos ALTER title SET NOT NULL' "$nullable"
    operation_round safe_not_null "SELECT safe_set_not_null('videos', 'title')" "$nullable"
    operation_round plain_key 'ALTER TABLE videos ADD FOREIGN KEY (channel) REFERENCES channels' "$constraint"
    has_function safe_add_foreign_key || continue
    operation_round safe_key "SELECT safe_add_foreign_key('videos', '(channel) REFERENCES channels')" "$constraint"
  done
  say "5,000,000 rows under $rate transactions a second, half of what the machine can do:"
  others nothing 'the traffic alone' ''
  others scan 'a SELECT that reads them all' "$(middle scan.took) s"
  others plain_not_null 'ALTER ... SET NOT NULL' "$(middle plain_not_null.took) s"
  others safe_not_null 'safe_set_not_null()' "$(middle safe_not_null.took) s"
  others plain_key 'ALTER ... ADD FOREIGN KEY' "$(middle plain_key.took) s"
  if has_function safe_add_foreign_key; then
    others safe_key 'safe_add_foreign_key()' "$(middle safe_key.took) s"
  else
    say '  safe_add_foreign_key(): skipped, there is none yet'
  fi
  say '  aimed at: p99 <= 2x that of the traffic alone; longest <= 100 ms'
}

# guard_database N: tables, each with a statement that locks it.
guard_database() {
  fresh_database bench
  server_psql -d bench >/dev/null <<SQL
SELECT 'CREATE TABLE g_' || i || ' (id int)' FROM generate_series(1, $1) AS i \gexec
SELECT migrate_revision('a', NULL, 'Statements', (SELECT string_agg('ALTER TABLE g_' || i || ' ADD COLUMN c int', ';')
  FROM generate_series(1, $1) AS i), '');
SQL
}

bench_guard() {
  local round n sql
  rm -f "$work"/t/times.*
  for ((round = 0; round < rounds; round++)); do
    for n in 1 1001; do
      guard_database $n
      sql=$(server_psql -d bench -c "SELECT upgrade FROM headway.revision")
      timed "psql_$n" server_psql -d bench -c "$sql"
      guard_database $n
      timed "migrate_$n" migrate
      guard_database $n
      timed "unhovered_$n" server_psql -d bench -c "SET headway.hover_time = 0" -c "SELECT migrate_upgrade('head')"
    done
  done
  say '1,000 ALTER TABLE ADD COLUMN more in one transaction, each of a table of its own, a statement:'
  for n in psql unhovered migrate; do
    say "$(printf '  %-34s %s ms' "$n" "$(awk -v a="$(middle ${n}_1001)" -v b="$(middle ${n}_1)" 'BEGIN { printf "%.3f", a - b }')")"
  done
  say '  aimed at: <= 0.2 ms more than in psql, where the statements come in one message'
}

choose_postgres
need "${pg_packages[@]}" g++ make libboost-dev ccache
make_work
build_module
start_server
make_template
for part in "${parts[@]}"; do
  say "== $part"
  "bench_$part"
done
