#!/usr/bin/env bash
# Runs the tests, from nothing but a Debian: installs what is missing, builds and tests in a private folder.
#
#   scripts/test.sh [SUITE...]     all suites, or the named ones
#   scripts/test.sh --list         their names
#   FUZZ_SECONDS=60 PROPERTY_GRAPHS=5000 scripts/test.sh fuzz property
#   TORTURE_SECONDS=3600 TORTURE_KILLS=300 TORTURE_SEED=1 scripts/test.sh torture
#
# The last line is 'N passed, N failed'; the exit code is 0 only if something ran and nothing failed.

source_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$source_root/scripts/lib.sh"

all_suites=(lint unit fuzz property guard regress isolation tap torture)
passed=0
failed=0
suite=

# count PASSED FAILED [EXIT_CODE]: books the result of the current suite. The exit code decides: one that says
# failure counts as one even when no failed test was found in the output.
count() {
  local bad=$2
  if [ "${3:-0}" != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
  passed=$((passed + $1))
  failed=$((failed + bad))
  say "   $suite: $1 passed, $bad failed"
}

skip() { say "   $suite: skipped, $1"; }

# matches PATTERN FILE: how many lines match.
matches() { grep -cE "$1" "$2" || true; }

# ---- without a server -----------------------------------------------------------------------------------------

suite_lint() {
  local status=0 log=$work/t/lint.log
  run src/test/lint/run --tools >"$log" 2>&1 || status=$?
  grep -vE '^ok ' "$log" || true
  count "$(matches '^ok ' "$log")" "$(matches '^not ok ' "$log")" "$status"
}

# build NAME TARGET FLAGS...: builds a target of CMakeLists.txt in $work/NAME.
build() {
  local name=$1 target=$2
  shift 2
  step "configure-$name" cmake -S src -B "$name" -DHEADWAY_MODULE=OFF "$@" || return 1
  step "build-$target" cmake --build "$name" -j"$(nproc)" --target "$target"
}

build_sanitized() { build sanitized "$1" -DHEADWAY_SANITIZE=ON -DCMAKE_BUILD_TYPE=Debug; }

suite_unit() {
  compgen -G "src/test/unit/*_test.cpp" >/dev/null || { skip "no tests yet"; return; }
  local status=0 log=$work/t/unit.log
  build_sanitized headway_unit || { count 0 1; return; }
  run env UBSAN_OPTIONS=print_stacktrace=1 sanitized/headway_unit --gtest_brief=1 >"$log" 2>&1 || status=$?
  [ "$status" = 0 ] || cat "$log"
  # "[  PASSED  ] 12 tests." and " 1 FAILED TEST"
  count "$(sed -n 's/^\[  PASSED  \] \([0-9]*\) tests\{0,1\}\..*/\1/p' "$log" | tail -n 1 | grep . || echo 0)" \
    "$(sed -n 's/^ *\([0-9]*\) FAILED TESTS\{0,1\}.*/\1/p' "$log" | tail -n 1 | grep . || echo 0)" "$status"
}

suite_fuzz() {
  compgen -G "src/test/fuzz/*_fuzzer.cpp" >/dev/null || { skip "no fuzzers yet"; return; }
  local fuzzer name good=0 bad=0
  build fuzz all -DCMAKE_CXX_COMPILER=clang++ -DHEADWAY_FUZZ=ON -DHEADWAY_TESTS=OFF || { count 0 1; return; }
  for fuzzer in src/test/fuzz/*_fuzzer.cpp; do
    name=$(basename "$fuzzer" .cpp)
    as_user mkdir -p "corpus/$name"
    [ ! -d "src/test/fuzz/corpus/$name" ] || as_user cp -r "src/test/fuzz/corpus/$name/." "corpus/$name"
    if step "$name" "fuzz/$name" -seed=1 -max_total_time="${FUZZ_SECONDS:-10}" -timeout=10 -print_final_stats=1 \
      -artifact_prefix="$work/t/" "corpus/$name"; then
      good=$((good + 1))
      say "   $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/t/$name.log") inputs"
    else
      bad=$((bad + 1))
    fi
  done
  count "$good" "$bad"
}

suite_property() {
  [ -f src/test/property/compare_with_alembic.py ] || { skip "no tests yet"; return; }
  local status=0 log=$work/t/property.log
  build_sanitized planner_cli || { count 0 1; return; }
  run python3 src/test/property/compare_with_alembic.py sanitized/planner_cli --graphs "${PROPERTY_GRAPHS:-500}" \
    >"$log" 2>&1 || status=$?
  [ "$status" = 0 ] || tail -n 60 "$log"
  count "$(sed -n 's/^\([0-9]*\) graphs .*no unexplained difference$/\1/p' "$log" | grep . || echo 0)" 0 "$status"
}

# ---- with servers of their own --------------------------------------------------------------------------------

pgxs_test_dir() { echo "$(dirname "$("$pg_config" --pgxs)")/../../src/test"; }

# pg_regress_suite RUNNER FOLDER CONFIG TEST...: a temporary server, the tests, their differences when they fail.
pg_regress_suite() {
  local runner=$1 folder=$2 config=$3 status=0 bad log=$work/t/$suite.log out=$work/$suite
  shift 3
  as_user mkdir -p "$out"
  local options=(--temp-instance="$out/server" --bindir="$bindir" --inputdir="$folder" --outputdir="$out"
    --no-locale --encoding=UTF8 --dbname=contrib_regression)
  [ ! -f "$config" ] || options+=(--temp-config="$config")
  run "$runner" "${options[@]}" "$@" >"$log" 2>&1 || status=$?
  # PostgreSQL 15: "test heads ... FAILED   12 ms"; 16: "not ok 3 - heads   12 ms"
  bad=$(matches '(^not ok |\.\.\. FAILED)' "$log")
  if [ "$status" != 0 ]; then
    cat "$log"
    [ ! -f "$out/regression.diffs" ] || cat "$out/regression.diffs"
    [ "$bad" != 0 ] || tail -n 40 "$out/log/initdb.log" "$out/log/postmaster.log" 2>/dev/null || true
  fi
  count "$(matches '(^ok |^(test|  ).* \.\.\. ok )' "$log")" "$bad" "$status"
}

# The border between C++ and the server, with a module that is made for the test and goes with the private folder.
suite_guard() {
  [ -f src/test/module/Makefile ] || { skip "no tests yet"; return; }
  step build-guard make -C src/test/module PG_CONFIG="$pg_config" || { count 0 1; return; }
  step install-guard make -C src/test/module install PG_CONFIG="$pg_config" || { count 0 1; return; }
  pg_regress_suite "$(pgxs_test_dir)/regress/pg_regress" src/test/module src/test/regress.conf guard lock_poll throttle
}

suite_regress() {
  compgen -G "src/sql/*.sql" >/dev/null || { skip "no tests yet"; return; }
  local tests=()
  if [ -f src/test/regress_schedule ]; then
    tests=(--schedule=src/test/regress_schedule)
  else
    mapfile -t tests < <(basename -s .sql src/sql/*.sql)
  fi
  pg_regress_suite "$(pgxs_test_dir)/regress/pg_regress" src src/test/regress.conf "${tests[@]}"
}

suite_isolation() {
  local runner tests config=src/test/isolation.conf
  compgen -G "src/test/isolation/specs/*.spec" >/dev/null || { skip "no tests yet"; return; }
  runner=$(pgxs_test_dir)/isolation/pg_isolation_regress
  [ -x "$runner" ] || { skip "PostgreSQL $pg_major installs no isolation tester"; return; }
  [ -f "$config" ] || config=src/test/regress.conf
  mapfile -t tests < <(basename -s .spec src/test/isolation/specs/*.spec)
  pg_regress_suite "$runner" src/test/isolation "$config" "${tests[@]}"
}

suite_tap() {
  compgen -G "src/test/t/*.pl" >/dev/null || { skip "no tests yet"; return; }
  local file name log test_dir good=0 bad=0 status
  test_dir=$(cd "$(pgxs_test_dir)" && pwd)
  for file in src/test/t/*.pl; do
    name=$(basename "$file" .pl) status=0
    log=$work/t/$name.log
    as_user mkdir -p "$work/tap/$name"
    run env TESTDIR="$work/tap/$name" TESTLOGDIR="$work/tap/$name/log" TESTDATADIR="$work/tap/$name/data" \
      PG_REGRESS="$test_dir/regress/pg_regress" PATH="$bindir:$PATH" PGPORT=65432 \
      PERL5LIB="$test_dir/perl:$work/src/test/t" prove --verbose "$file" >"$log" 2>&1 || status=$?
    good=$((good + $(matches '^ok [0-9]' "$log")))
    bad=$((bad + $(matches '^not ok ' "$log")))
    if [ "$status" = 0 ]; then
      say "   $name: $(matches '^ok [0-9]' "$log") checks"
    else
      [ "$(matches '^not ok ' "$log")" != 0 ] || bad=$((bad + 1))
      explain_tap "$work/tap/$name" "$log"
    fi
  done
  count "$good" "$bad"
}

# Kills, until enough of them; before that its own test, which breaks what a good round has left.
suite_torture() {
  [ -f src/test/torture/torture.py ] || { skip "no tests yet"; return; }
  local status=0 log=$work/t/torture.log torture=(/usr/bin/python3 -B src/test/torture/torture.py --bindir "$bindir"
    --folder "$work/t" --seed "${TORTURE_SEED:-$RANDOM}")
  run "${torture[@]}" --self-test >"$log" 2>&1 || { status=$?; cat "$log"; }
  count "$(matches '^ok ' "$log")" "$(matches '^not ok ' "$log")" "$status"
  status=0
  run "${torture[@]}" --seconds "${TORTURE_SECONDS:-40}" ${TORTURE_KILLS:+--kills "$TORTURE_KILLS"} >"$log" 2>&1 ||
    { status=$?; cat "$log"; }
  say "   $(tail -n 1 "$log")"
  count "$(matches '^ok ' "$log")" "$(matches '^not ok ' "$log")" "$status"
}

# explain_tap FOLDER LOG: why a TAP test failed. PostgreSQL's test library writes diagnostics to regress_log_*.
explain_tap() {
  local log
  grep -E '^not ok ' "$2" || tail -n 20 "$2"
  while read -r log; do
    say "-- ${log##*/}"
    case $log in
      */regress_log_*) grep -A 12 -E "Failed test|^Bail out|timed out| died|died at" "$log" | head -n 100 || tail -n 20 "$log" ;;
      *) grep -nE '(WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|exited|terminated)' "$log" | tail -n 40 || true ;;
    esac
  done < <(find "$1" -path '*log/*' -type f | sort -r)
}

# ---- what runs ------------------------------------------------------------------------------------------------

packages_of() {
  case $1 in
    lint) echo clang-format shellcheck ;;
    unit) echo g++ make cmake libboost-dev libgtest-dev ;;
    fuzz) echo g++ make cmake libboost-dev clang libclang-rt-dev ;;
    property) echo g++ make cmake libboost-dev libgtest-dev python3-alembic ;;
    guard | regress | isolation) echo g++ make libboost-dev "${pg_packages[@]}" ;;
    tap) echo g++ make libboost-dev libipc-run-perl python3-alembic python3-psycopg2 graphviz "${pg_packages[@]}" \
      "${pg_cron_packages[@]}" ;;
    torture) echo g++ make libboost-dev python3-psycopg2 "${pg_packages[@]}" ;;
  esac
}

needs_module() { [[ " $* " =~ \ (guard|regress|isolation|tap|torture)\  ]]; }

main() {
  local suites=("$@") packages=() name started
  if [ "${1:-}" = --list ]; then
    printf '%s\n' "${all_suites[@]}"
    return
  fi
  [ ${#suites[@]} -gt 0 ] || suites=("${all_suites[@]}")
  for name in "${suites[@]}"; do
    [[ " ${all_suites[*]} " == *" $name "* ]] || die "there is no suite '$name'; see --list"
  done

  choose_postgres
  for name in "${suites[@]}"; do
    read -ra more <<<"$(packages_of "$name")"
    packages+=("${more[@]}")
  done
  mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
  need "${packages[@]}"
  make_work
  if needs_module "${suites[@]}"; then
    suite=build
    build_module || { say '0 passed, 1 failed'; exit 1; }
  fi
  for name in "${suites[@]}"; do
    suite=$name
    started=$SECONDS
    say "== $suite"
    "suite_$suite"
    say "   $((SECONDS - started)) s"
  done
  say "$passed passed, $failed failed"
  [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

main "$@"
