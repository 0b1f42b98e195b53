#!/usr/bin/env bash
# For developers: builds the Debian packages for each version of PostgreSQL that the system has at hand, looks at them
# with lintian, installs them, and uses them from nothing: a cluster, the examples, up, down, removed again. Then the
# image of packaging/Dockerfile by its own steps. It changes the system that it runs on: try it in a bare one, as root.
#
#   scripts/try-in-chroot.sh scripts/test-packages.sh                   bookworm: 15
#   scripts/try-in-chroot.sh --suite trixie scripts/test-packages.sh    17
#   scripts/try-in-chroot.sh --suite sid scripts/test-packages.sh       18
# shellcheck disable=SC2317  # most functions are called by try
set -euo pipefail
source_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
MAKEFLAGS=-j$(nproc)
export MAKEFLAGS
[ "$(id -u)" = 0 ] || { echo "it installs packages: run it as root, in a bare system" >&2; exit 2; }
passed=0 failed=0

# try WHAT COMMAND...: counts whether it succeeds; what it has said is shown when it does not.
try() {
  local what=$1 log status=0
  shift
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if [ "$status" = 0 ]; then
    echo "ok $what"
    passed=$((passed + 1))
  else
    tail -n 60 "$log"
    echo "not ok $what"
    failed=$((failed + 1))
  fi
  rm -f "$log"
  return "$status"
}

quit() {
  printf '%s passed, %s failed\n' "$passed" "$failed"
  [ "$failed" = 0 ] && [ "$passed" -gt 0 ] || exit 1
  exit 0
}

install_packages() { apt-get install -q -y --no-install-recommends "$@"; }
no_cluster() { mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf; }

# The sources, apart from the checkout: what is built is left beside them.
copy_sources() {
  rm -rf /tmp/packages
  mkdir /tmp/packages
  cp -a "$source_root" /tmp/packages/pg-headway
}

build() { cd /tmp/packages/pg-headway && pg_buildext updatecontrol && dpkg-buildpackage -us -uc -b -rfakeroot; }

lint() {
  local said
  said=$(lintian --allow-root --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs /tmp/packages/*.changes 2>&1) || {
    printf '%s\n' "$said"
    return 1
  }
}

as_postgres() { setpriv --reuid=postgres --regid="$(id -g postgres)" --init-groups "$@"; }
ask() { as_postgres psql -XAtq -v ON_ERROR_STOP=1 -h "/tmp/packages/$major" -d postgres "$@"; }

server() { as_postgres "/usr/lib/postgresql/$major/bin/pg_ctl" -D "/tmp/packages/$major/data" -l "/tmp/packages/$major/log" -w "$@"; }

start_server() {
  install -d -o postgres "/tmp/packages/$major" &&
    as_postgres "/usr/lib/postgresql/$major/bin/initdb" -D "/tmp/packages/$major/data" -A trust --no-sync &&
    server -o "-c listen_addresses='' -c unix_socket_directories=/tmp/packages/$major" start
}

# What a newcomer does, with the examples of the package. Long ones are compressed there.
use_it() {
  local examples file
  examples=$(find "/usr/share/doc/$package" -type d -name examples | head -n 1)
  ask -c 'CREATE EXTENSION pg_headway' || return 1
  for file in "$examples"/*.sql*; do
    zcat -f "$file" | ask || return 1
  done
  [ "$(ask -c 'SELECT count(*) FROM migrate_plan()')" = 10 ] &&
    ask -c "SELECT migrate_upgrade('head')" &&
    [ "$(ask -c 'SELECT count(*) FROM migrate_plan()')" = 0 ] &&
    ask -c "SELECT safe_add_check('videos', 'length(title) > 0')" &&
    ask -c "SELECT migrate_downgrade('base')" &&
    ask -c 'DROP EXTENSION pg_headway'
}

# The steps of packaging/Dockerfile, on a system that has what its image has: the server. They write to / as there.
follow_dockerfile() {
  local step file=$source_root/packaging/Dockerfile
  rm -rf /usr/src/pg_headway /install
  mkdir -p /usr/src && cp -a "$source_root" /usr/src/pg_headway || return 1
  while read -r step; do
    echo "-- $step"
    PG_MAJOR=$major bash -e -c "$step" || return 1
  done < <(sed -n 's/^RUN //p' "$file")
  cp -a /install/. / && cp "$source_root/packaging/migrate.sh" /usr/local/bin/headway-migrate
}

# As the service "migrate" of packaging/compose.yaml does, at each start.
start_as_compose() {
  local migrate=(as_postgres env PGHOST="/tmp/packages/$major" PGDATABASE=postgres headway-migrate "$source_root/examples")
  "${migrate[@]}" && [ "$(ask -c 'SELECT count(*) FROM migrate_plan()')" = 0 ] && "${migrate[@]}" &&
    [ "$(ask -c "SELECT count(*) FROM headway.history WHERE result = 'done'")" = 10 ]
}

no_cluster
apt-get update -qq
try "build dependencies" install_packages build-essential fakeroot devscripts equivs lintian unzip git || quit
copy_sources
try "packages of the build" bash -c 'cd /tmp/packages/pg-headway && apt-get build-dep -q -y --no-install-recommends ./' || quit
try "make dist" make -C /tmp/packages/pg-headway dist || quit
try "dpkg-buildpackage" build || quit
find /tmp/packages -maxdepth 1 -name '*.deb' -printf '   %f\n'
try "lintian is quiet" lint || true
for deb in /tmp/packages/postgresql-*-headway_*.deb; do
  package=$(dpkg-deb -f "$deb" Package)
  major=${package#postgresql-}
  major=${major%-headway}
  try "install $package" install_packages "$deb" || continue
  try "a server of version $major" start_server || continue
  try "use it from nothing" use_it || true
  try "remove $package" apt-get purge -q -y "$package" || true
  if try "the steps of packaging/Dockerfile" follow_dockerfile; then
    try "a start as in packaging/compose.yaml" start_as_compose || true
  fi
  server stop -m fast >/dev/null
done
quit
