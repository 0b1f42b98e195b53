#!/usr/bin/env bash
# The short loop: builds what has changed, installs it into a private PostgreSQL whose server stays up, and runs the
# tests that are named.
#
#   scripts/dev.sh                      build and install
#   scripts/dev.sh unit [WORD...]       unit tests of the files test/unit/*WORD*_test.cpp; else those with WORD in a name
#   scripts/dev.sh sql [TEST...]        regression tests (sql/TEST.sql); all of them without a name
#   scripts/dev.sh isolation [SPEC...]  isolation tests
#   scripts/dev.sh guard                the tests of test/module
#   scripts/dev.sh t NUMBER...          TAP tests, by the beginning of the file's name: t 003
#   scripts/dev.sh lint [CHECK...]      our own small checks
#   scripts/dev.sh psql [ARGUMENT...]   a database with the extension
#   scripts/dev.sh log                  the end of the server's log
#   scripts/dev.sh stop                 stops the server
#   scripts/dev.sh clean                stops it and removes the folder
#
# Everything is in one folder for each checkout and version, below $HEADWAY_CACHE (see scripts/lib.sh).

source_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$source_root/scripts/lib.sh"

usage() {
  sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
  exit 2
}

# ---- the folder that stays ------------------------------------------------------------------------------------

enter_folder() {
  choose_user
  work=$cache/dev-$(printf '%s %s' "$source_root" "$PG_CONFIG" | cksum | cut -d' ' -f1)
  [ $((${#work} + 25)) -le 107 ] || die "$work is too long for a socket: set HEADWAY_CACHE to a shorter folder"
  own_folder "$work"
  as_user mkdir -p "$work/src" "$work/t" "$work/home" "$work/out"
  cd "$work"
}

# One caller at a time: two builds in the same folder would spoil each other.
take_turn() {
  exec 8>>"$work/lock"
  flock -n 8 || { say "waiting for another dev.sh to end"; flock 8; }
}

copy_sources() {
  rsync -a --delete ${user:+--chown="$user:"} "${no_products[@]/#/--exclude=}" --exclude=/results "$source_root/" src/
}

# Builds and installs what has changed. Nothing of ours is preloaded: the next session has the new module, and the
# server stays up.
build() {
  need g++ make libboost-dev rsync ccache "${pg_packages[@]}" "$@"
  copy_sources
  use_compiler_cache
  build_module || exit 1
}

# ---- the server -----------------------------------------------------------------------------------------------

control() { run "$bindir/pg_ctl" -D "$work/data" -l "$work/server.log" -w "$@" >"$work/t/pg_ctl.log" 2>&1 8>&-; }  # a server keeps no lock
is_up() { [ -d "$work/data" ] && control status; }

# The server has the settings of the regression tests; when they change it starts again.
ready_server() {
  build
  [ -d data ] || step initdb "$bindir/initdb" -D "$work/data" -U postgres --auth=trust --no-locale --encoding=UTF8 --no-sync || exit 1
  as_user tee data/dev.conf >/dev/null < <(printf "listen_addresses = ''\nunix_socket_directories = '%s'\nfsync = off\n" "$work"
    cat src/test/regress.conf)
  grep -q dev.conf data/postgresql.conf || as_user tee -a data/postgresql.conf >/dev/null <<<"include 'dev.conf'"
  if is_up && ! cmp -s data/dev.conf data/running.conf; then control stop -m fast; fi
  if ! is_up; then
    as_user cp data/dev.conf data/running.conf
    control start || { tail -n 20 server.log; exit 1; }
  fi
}

server=()  # how clients find it
here() { server=(--host="$work" --port=5432 --user=postgres); }

# regress RUNNER FOLDER TEST...: in a database made for it, with the differences when there are any.
regress() {
  local runner=$1 folder=$2 status=0
  shift 2
  here
  rm -f out/regression.diffs
  run "$(pgxs_test_dir)/$runner" --bindir="$bindir" --inputdir="$folder" --outputdir=out --no-locale --encoding=UTF8 \
    --dbname=contrib_regression "${server[@]}" "$@" || status=$?
  [ ! -f out/regression.diffs ] || cat out/regression.diffs
  return "$status"
}

# ---- what can be asked for ------------------------------------------------------------------------------------

# The suites of the files that a word names, or else the tests that have it in their names.
unit_filter() {
  local word suites filter=
  for word in "$@"; do
    suites=$(cat "$source_root"/test/unit/*"$word"*_test.cpp 2>/dev/null |
      sed -nE 's/^TEST(_[FP])?\((\w+),.*/\2.*:*\/\2.*/p' | sort -u | paste -sd:)
    filter+=:${suites:-*$word*}
  done
  echo "${filter:1}"
}

dev_unit() {
  need g++ make cmake libboost-dev libgtest-dev rsync ccache
  copy_sources
  use_compiler_cache
  build_sanitized headway_unit || exit 1
  run env UBSAN_OPTIONS=print_stacktrace=1 sanitized/headway_unit --gtest_brief=1 ${1:+--gtest_filter="$(unit_filter "$@")"}
}

dev_sql() {
  ready_server
  local tests
  mapfile -t tests < <(if [ $# -gt 0 ]; then printf '%s\n' "$@"; else regression_tests; fi)
  regress regress/pg_regress src "${tests[@]}"
}

dev_isolation() {
  ready_server
  local specs
  mapfile -t specs < <(if [ $# -gt 0 ]; then printf '%s\n' "$@"; else basename -s .spec src/test/isolation/specs/*.spec; fi)
  regress isolation/pg_isolation_regress src/test/isolation "${specs[@]}"
}

dev_guard() {
  ready_server
  build_guard || exit 1
  local tests
  read -ra tests < <(sed -n 's/^REGRESS = //p' src/test/module/Makefile)
  regress regress/pg_regress src/test/module "${tests[@]}"
}

dev_t() {
  [ $# -gt 0 ] || die "which? scripts/dev.sh t 003"
  build libipc-run-perl python3-alembic python3-psycopg2 graphviz "${pg_cron_packages[@]}"
  local number file status=0
  for number in "$@"; do
    for file in "$source_root/test/t/$number"*.pl; do
      [ -e "$file" ] || die "there is no test/t/$number*.pl"
      rm -rf "tap/$(basename "$file" .pl)"
      prove_file "$(basename "$file" .pl)" || { status=1; say "its logs: $work/tap/$(basename "$file" .pl)/tmp_check/log"; }
    done
  done
  return "$status"
}

dev_lint() {
  (cd "$source_root" && test/lint/run "$@")
}

dev_psql() {
  ready_server
  here
  "$bindir/createdb" "${server[@]}" dev 2>/dev/null || true
  local psql=("$bindir/psql" -X -q "${server[@]}" -d dev)
  "${psql[@]}" -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION IF NOT EXISTS pg_headway'
  exec 8>&-
  [ -t 0 ] && say "after a change of src/extension: DROP EXTENSION pg_headway CASCADE; CREATE EXTENSION pg_headway;"
  exec "${psql[@]}" "$@"
}

dev_stop() {
  relocate_postgres
  if is_up; then control stop -m fast && say "stopped"; else say "no server is running"; fi
}

main() {
  local what=${1:-build}
  [ $# = 0 ] || shift
  choose_postgres
  enter_folder
  case $what in
    unit | sql | isolation | guard | t | psql | stop) take_turn && "dev_$what" "$@" ;;
    build) take_turn && build ;;
    lint) dev_lint "$@" ;;
    log) tail -n 40 server.log ;;
    clean) take_turn && stop_servers && cd / && rm -rf "$work" ;;
    *) usage ;;
  esac
}

main "$@"
