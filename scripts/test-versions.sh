#!/usr/bin/env bash
# For developers: the tests that have a server, on each version of PostgreSQL that is supported, and a table of what
# came out.
#
#   scripts/test-versions.sh               15, 17, 18 and 19; and 16, when PG_CONFIG_16 is given
#   scripts/test-versions.sh 17 18
#   PG_CONFIG_16=/opt/pg16/bin/pg_config scripts/test-versions.sh 16
#
# A version comes from Debian's packages for it, in a bare system of its suite (scripts/try-in-chroot.sh: needs root and
# debootstrap): bookworm 15, trixie 17, sid 18, experimental 19. No suite carries 16; PG_CONFIG_16 names an installation,
# of one's own build perhaps: with --enable-cassert the suites find what a normal server does not tell. PG_CONFIG_15 and
# so on go before the packages in the same way.
#
# SUITES: what is run (default: guard regress isolation tap torture). What it has printed stays in a folder that is named
# at the end. Servers' logs are searched for failed assertions and leaks.
set -euo pipefail
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
read -ra suites <<<"${SUITES:-guard regress isolation tap torture}"
case ${1:-} in
  -*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d'; exit 2 ;;
esac
[ $# -gt 0 ] || set -- 15 16 17 18 19
logs=$(mktemp -d "${TMPDIR:-/tmp}/headway-versions.XXXXXX")

suite_of() {
  case $1 in
    15) echo bookworm ;;
    17) echo trixie ;;
    18) echo sid ;;
    19) echo experimental ;;
  esac
}

# run VERSION: its tests; what they print goes to its log.
run() {
  local config=PG_CONFIG_$1 suite
  suite=$(suite_of "$1")
  if [ -n "${!config:-}" ]; then
    PG_CONFIG=${!config} "$scripts/test.sh" "${suites[@]}"
  elif [ -n "$suite" ]; then
    PGVERSION=$1 "$scripts/try-in-chroot.sh" --suite "$suite" scripts/test.sh "${suites[@]}"
  else
    echo "no Debian carries PostgreSQL $1: give $config"
    return 3
  fi
}

failed=0
table='| PostgreSQL | passed | failed | minutes |\n|---|---|---|---|\n'
for version in "$@"; do
  echo "== PostgreSQL $version"
  started=$SECONDS status=0
  run "$version" >"$logs/$version.log" 2>&1 || status=$?
  result=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 | \2/p' "$logs/$version.log" | tail -n 1)
  name=$(sed -n 's/^== build: PostgreSQL \([^ ,]*\).*/\1/p' "$logs/$version.log" | head -n 1)
  if [ "$status" = 3 ]; then
    echo "   skipped: $(tail -n 1 "$logs/$version.log")"
    continue
  fi
  [ "$status" = 0 ] || { failed=1; grep -E '^not ok |FAILED|^# +Failed|TRAP|leak' "$logs/$version.log" | head -n 20 || true; tail -n 1 "$logs/$version.log"; }
  table+="| ${name:-$version} | ${result:-- | -} | $(((SECONDS - started + 30) / 60)) |\n"
done
printf "\n$table\nlogs: %s\n" "$logs"
exit $failed
