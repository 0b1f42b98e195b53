#!/usr/bin/env bash
# Runs the tests, from nothing but a Debian: installs what is missing, builds and tests in a private folder. One
# task more than there are cores runs at a time, since they wait more than they compute (TEST_JOBS=N: N of them), each
# with a server of its own; what they print comes in one order all the same.
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

all_suites=(lint unit property guard regress isolation tap torture fuzz)
jobs=${TEST_JOBS:-$(($(nproc) + 1))}
passed=0  # of the current task
failed=0
all_passed=0
all_failed=0

# count PASSED FAILED [EXIT_CODE]: books a result of the current task. The exit code decides: one that says failure
# counts as one even when no failed test was found in the output.
count() {
  local bad=$2
  if [ "${3:-0}" != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
  passed=$((passed + $1))
  failed=$((failed + bad))
}

skip() { say "   skipped: $1"; }

# ---- without a server -----------------------------------------------------------------------------------------

suite_lint() {
  local status=0 log=$work/t/lint.log
  run src/test/lint/run --tools >"$log" 2>&1 || status=$?
  grep -vE '^ok ' "$log" || true
  count "$(matches '^ok ' "$log")" "$(matches '^not ok ' "$log")" "$status"
}

# one_at_a_time NAME COMMAND...: tasks that build in the same folder wait for each other.
one_at_a_time() {
  local name=$1
  shift
  { flock 9 && "$@"; } 9>"$work/t/$name.lock"
}

suite_unit() {
  local status=0 log=$work/t/unit.log
  one_at_a_time sanitized build_sanitized headway_unit || { count 0 1; return; }
  run env UBSAN_OPTIONS=print_stacktrace=1 sanitized/headway_unit --gtest_brief=1 >"$log" 2>&1 || status=$?
  [ "$status" = 0 ] || cat "$log"
  # "[  PASSED  ] 12 tests." and " 1 FAILED TEST"
  count "$(sed -n 's/^\[  PASSED  \] \([0-9]*\) tests\{0,1\}\..*/\1/p' "$log" | tail -n 1 | grep . || echo 0)" \
    "$(sed -n 's/^ *\([0-9]*\) FAILED TESTS\{0,1\}.*/\1/p' "$log" | tail -n 1 | grep . || echo 0)" "$status"
}

suite_fuzz() {
  local fuzzer name good=0 bad=0
  build_target fuzz all -DCMAKE_CXX_COMPILER=clang++ -DHEADWAY_FUZZ=ON -DHEADWAY_TESTS=OFF || { count 0 1; return; }
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
  local status=0 log=$work/t/property.log
  one_at_a_time sanitized build_sanitized planner_cli || { count 0 1; return; }
  run python3 src/test/property/compare_with_alembic.py sanitized/planner_cli --graphs "${PROPERTY_GRAPHS:-500}" \
    >"$log" 2>&1 || status=$?
  [ "$status" = 0 ] || tail -n 60 "$log"
  count "$(sed -n 's/^\([0-9]*\) graphs .*no unexplained difference$/\1/p' "$log" | grep . || echo 0)" 0 "$status"
}

# ---- with servers of their own --------------------------------------------------------------------------------

# What a server says of mistakes that nobody else hears of: failed assertions, and what is left open when a transaction ends.
complaint='TRAP: |(reference|refcount|file|snapshot) leak|resource was not closed|leaked'

# heed_servers FOLDER: such a line in one of its servers' logs is a failure.
heed_servers() {
  local lines
  lines=$(grep -rhE "$complaint" --include='*.log' "$1" 2>/dev/null | head -n 20) || return 0
  say "a server complains:"
  printf '%s\n' "$lines"
  count 0 1
}

# pg_regress_suite NAME RUNNER FOLDER CONFIG TEST...: a temporary server, the tests, their differences when they fail.
pg_regress_suite() {
  local name=$1 runner=$2 folder=$3 config=$4 status=0 bad log=$work/t/$1.log out=$work/$1
  shift 4
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
  heed_servers "$out"
}

# The border between C++ and the server, with a module that is made for the test and goes with the private folder.
suite_guard() {
  build_guard || { count 0 1; return; }
  local tests
  read -ra tests < <(sed -n 's/^REGRESS = //p' src/test/module/Makefile)
  pg_regress_suite guard "$(pgxs_test_dir)/regress/pg_regress" src/test/module src/test/regress.conf "${tests[@]}"
}

# The tests of sql/, dealt out to several servers: they wait far more than they compute.
regress_groups=$((2 * jobs))

suite_regress() {
  local group=$1 tests
  mapfile -t tests < <(regression_tests | awk -v n=$regress_groups -v g="$group" 'NR % n == g % n')
  pg_regress_suite "regress-$group" "$(pgxs_test_dir)/regress/pg_regress" src src/test/regress.conf "${tests[@]}"
}

suite_isolation() {
  local runner tests config=src/test/isolation.conf
  runner=$(pgxs_test_dir)/isolation/pg_isolation_regress
  [ -x "$runner" ] || { skip "PostgreSQL $pg_major installs no isolation tester"; return; }
  [ -f "$config" ] || config=src/test/regress.conf
  mapfile -t tests < <(basename -s .spec src/test/isolation/specs/*.spec)
  pg_regress_suite isolation "$runner" src/test/isolation "$config" "${tests[@]}"
}

suite_tap() {
  local name=$1 log=$work/t/$1.log status=0
  prove_file "$name" >"$log" 2>&1 || status=$?
  [ "$status" = 0 ] || explain_tap "$work/tap/$name" "$log"
  count "$(matches '^ok [0-9]' "$log")" "$(matches '^not ok ' "$log")" "$status"
  heed_servers "$work/tap/$name"
}

# Kills, until enough of them; before that its own test, which breaks what a good round has left.
suite_torture() {
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

# ---- tasks ----------------------------------------------------------------------------------------------------

tasks=()  # "SUITE" or "SUITE PART": what one job does

tasks_of() {
  local file group
  case $1 in
    regress) for group in $(seq $regress_groups); do echo "regress $group"; done ;;
    tap) for file in "$source_root"/test/t/*.pl; do echo "tap $(basename "$file" .pl)"; done ;;
    *) echo "$1" ;;
  esac
}

# Starts task N in a process group of its own: what it prints goes to a file, its counts to another one.
start_task() {
  set -m
  (
    trap - EXIT INT TERM HUP
    # shellcheck disable=SC2317
    run() { as_user "$@" </dev/null; }  # in the group of the task, which ends as a whole
    read -ra words <<<"${tasks[$1]}"
    "suite_${words[0]}" "${words[@]:1}"
    echo "$passed $failed $SECONDS" >"$work/tasks/$1.count"
  ) >"$work/tasks/$1.out" 2>&1 </dev/null &
  set +m
  pids[$1]=$!
  began[$1]=$SECONDS
}

# Shows what task N has said and adds up its counts. One that broke off has failed.
show_task() {
  local count=$work/tasks/$1.count good=0 bad=1 took
  [ ! -s "$count" ] || read -r good bad took <"$count"
  took=$((${took:-$SECONDS} - began[$1]))
  cat "$work/tasks/$1.out"
  [ -s "$count" ] || say "   ${tasks[$1]}: broken off"
  say "   ${tasks[$1]}: $good passed, $bad failed, $took s"
  all_passed=$((all_passed + good))
  all_failed=$((all_failed + bad))
}

# Runs all tasks, as many at a time as there are jobs, and shows each as soon as those before it have been shown.
run_tasks() {
  local next=0 shown=0 number running suite='' now said=$SECONDS
  declare -A pids=() began=()
  mkdir "$work/tasks"
  while [ "$shown" -lt ${#tasks[@]} ]; do
    running=()
    for number in "${!pids[@]}"; do
      if kill -0 "${pids[$number]}" 2>/dev/null; then running+=("${tasks[$number]}"); else unset "pids[$number]"; fi
    done
    while [ "$next" -lt ${#tasks[@]} ] && [ ${#running[@]} -lt "$jobs" ]; do
      start_task "$next"
      running+=("${tasks[$next]}")
      next=$((next + 1))
    done
    while [ "$shown" -lt "$next" ] && [ -z "${pids[$shown]:-}" ]; do
      [ "${tasks[$shown]%% *}" = "$suite" ] || say "== ${tasks[$shown]%% *}"
      suite=${tasks[$shown]%% *}
      show_task "$shown"
      shown=$((shown + 1))
      said=$SECONDS
    done
    if [ $((SECONDS - said)) -ge 20 ]; then
      printf -v now '%s, ' "${running[@]}"
      say "   ... $((next - ${#running[@]})) of ${#tasks[@]} done; now: ${now%, }"
      said=$SECONDS
    fi
    sleep 0.2
  done
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
  local suites=("$@") packages=(ccache) name more
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
    mapfile -t more < <(tasks_of "$name")
    tasks+=("${more[@]}")
  done
  mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
  need "${packages[@]}"
  make_work
  if needs_module "${suites[@]}"; then
    build_module || { say '0 passed, 1 failed'; exit 1; }
  fi
  run_tasks
  say "   all of it: $SECONDS s"
  say "$all_passed passed, $all_failed failed"
  [ "$all_failed" = 0 ] && [ "$all_passed" -gt 0 ]
}

main "$@"
