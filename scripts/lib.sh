# Shared pieces of the scripts beside this file; sourced, never run.
#
# What they promise: packages are installed only when missing; nothing is built or run as root; sources, build,
# installation and servers live in one private folder; servers listen on a unix socket there and nowhere else; at
# the end, however it comes, servers are stopped by pid and the folder is gone. No existing cluster is touched.
#
# What was compiled once is kept by ccache in $HEADWAY_CACHE/ccache (default: /var/cache/pg_headway for root,
# ~/.cache/pg_headway for others), so that the same sources are not compiled again in the next private folder.
#
# Overrides: PGVERSION=17 takes that major version of the distribution, PG_CONFIG=/path any installation.
# shellcheck shell=bash

set -euo pipefail

: "${source_root:?is set by the script that sources this}"

unprivileged=()  # a prefix for commands that must not run as root
user=            # who that is, when we are root
work=            # the private folder
compiler_cache=()  # the environment that puts ccache in front of the compilers
cache=${HEADWAY_CACHE:-}
if [ -z "$cache" ]; then
  if [ "$(id -u)" = 0 ]; then cache=/var/cache/pg_headway; else cache=${XDG_CACHE_HOME:-$HOME/.cache}/pg_headway; fi
fi

say() { printf '%s\n' "$*"; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# ---- packages -------------------------------------------------------------------------------------------------

# Sets pg_major, pg_packages, pg_cron_packages, and PG_CONFIG when it is not given.
# shellcheck disable=SC2034
choose_postgres() {
  if [ -n "${PG_CONFIG:-}" ]; then
    PG_CONFIG=$(command -v "$PG_CONFIG") || die "PG_CONFIG is not a program"
    pg_major=$("$PG_CONFIG" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
    pg_packages=()
    pg_cron_packages=()
    return
  fi
  pg_major=${PGVERSION:-$(default_major)}
  PG_CONFIG=/usr/lib/postgresql/$pg_major/bin/pg_config
  pg_packages=("postgresql-$pg_major" "postgresql-server-dev-$pg_major")
  pg_cron_packages=("postgresql-$pg_major-cron?")
}

# The highest version that is installed with its headers, or else the one that this Debian carries.
default_major() {
  local found
  found=$(find /usr/lib/postgresql/*/bin/postgres 2>/dev/null | sed 's|^/usr/lib/postgresql/\([0-9]*\)/.*|\1|' |
    while read -r major; do [ ! -e "/usr/include/postgresql/$major/server/postgres.h" ] || echo "$major"; done |
    sort -n | tail -n 1)
  [ -z "$found" ] || { echo "$found"; return; }
  case $(. /etc/os-release && echo "${VERSION_CODENAME:-}") in
    bullseye) echo 13 ;;
    trixie) echo 17 ;;
    forky | sid) echo 18 ;;
    *) echo 15 ;;
  esac
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# need package...: installs those that are missing; what is marked by a question mark only where the system carries it.
# Root's rights are used here and nowhere else.
need() {
  command -v dpkg-query >/dev/null || return 0  # not a Debian: the build says what is missing
  local package missing=()
  for package in "$@"; do
    installed "${package%\?}" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "== install: ${missing[*]%\?}"
  say "   this takes a minute or two the first time"
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    die "neither root nor sudo; have someone run: apt-get install --no-install-recommends ${missing[*]%\?}"
  fi
  as_root apt-get update -qq || say "apt-get update failed; going on with the package lists that are there"
  for package in "${!missing[@]}"; do
    [[ ${missing[$package]} == *\? ]] || continue
    missing[package]=${missing[$package]%\?}
    [ -n "$(apt-cache madison "${missing[$package]}" 2>/dev/null)" ] || unset "missing[$package]"
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local log status=0
  log=$(mktemp)
  if [[ " ${missing[*]} " == *" postgresql-$pg_major "* ]]; then without_main_cluster; fi
  local apt=(env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -q -y --no-install-recommends
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0)
  local total
  total=$("${apt[@]}" -s install "${missing[@]}" 2>/dev/null | grep -c '^Inst ' || true)
  as_root "${apt[@]}" install "${missing[@]}" </dev/null >"$log" 2>&1 &
  tell_progress $! install "$total" '^Setting up ' "$log" || status=$?
  restore_main_cluster
  [ "$status" = 0 ] || tail -n 30 "$log" >&2
  rm -f "$log"
  [ "$status" = 0 ] || die "apt-get could not install: ${missing[*]}"
}

installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Debian's server package makes and starts a cluster; we need none. For the time of the install a setting says so,
# unless one is there already.
createcluster_conf=/etc/postgresql-common/createcluster.conf
without_main_cluster() {
  if ! grep -qs '^[[:space:]]*create_main_cluster' $createcluster_conf; then
    trap restore_main_cluster EXIT
    as_root sh -c "mkdir -p ${createcluster_conf%/*}
      printf '# pg_headway: while it installs\ncreate_main_cluster = false\n' >>$createcluster_conf"
  fi
}

restore_main_cluster() {
  trap - EXIT
  grep -qs '^# pg_headway: ' $createcluster_conf || return 0
  as_root sh -c "sed -i '/^# pg_headway: /,+1d' $createcluster_conf
    [ -s $createcluster_conf ] || cp /usr/share/postgresql-common/createcluster.conf $createcluster_conf"
}

# ---- progress -------------------------------------------------------------------------------------------------

# tell_progress PID LABEL TOTAL PATTERN LOG: waits for a process and says how far it is, by the lines of its log that
# match: in place on a terminal, elsewhere a line every ten seconds. Its exit code is that of the process.
tell_progress() {
  local pid=$1 label=$2 total=$3 pattern=$4 log=$5 tick=0 status=0
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.5
    tick=$((tick + 1))
    if [ -t 1 ]; then
      printf '\r   %s %s/%s ' "$label" "$(matches "$pattern" "$log")" "$total"
    elif [ $((tick % 20)) = 0 ]; then
      say "   $label $(matches "$pattern" "$log")/$total"
    fi
  done
  wait "$pid" || status=$?
  [ ! -t 1 ] || printf '\r%*s\r' 40 ''
  return "$status"
}

# matches PATTERN FILE: how many lines match.
matches() { grep -scE "$1" "$2" || true; }

# ---- the private folder ---------------------------------------------------------------------------------------

# Makes the folder with a copy of the sources, owned by an unprivileged user. The name is short since the path of a
# unix socket is limited to about 107 bytes.
make_work() {
  local base=${TMPDIR:-/tmp}
  [ ${#base} -le 40 ] || base=/tmp
  trap cleanup EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  work=$(mktemp -d "$base/hw.XXXXXX")
  mkdir "$work/src" "$work/t" "$work/home"
  tar -C "$source_root" -cf - "${no_products[@]/#/--exclude=}" . | tar -C "$work/src" -xf - --no-same-owner
  choose_user
  [ -z "$user" ] || chown -R "$user:" "$work"
  cd "$work"
  use_compiler_cache
}

# What a checkout may hold that is no source.
no_products=(./.git './build*' './tmp_check*' '*.o' '*.d' '*.so' './pg_headway--*.sql' ./pg_headway.control ./pg_headway __pycache__)

# PostgreSQL refuses root, and nothing of ours needs it.
choose_user() {
  [ "$(id -u)" = 0 ] || return 0
  user=nobody
  ! id postgres >/dev/null 2>&1 || user=postgres
  unprivileged=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --init-groups)
}

# own_folder FOLDER: makes a folder that belongs to the unprivileged user with all that is in it, below one that nobody
# else can write to.
own_folder() {
  if [ -n "$user" ]; then
    mkdir -p "${1%/*}" && install -d -o "$user" -g "$(id -g "$user")" -m 700 "$1" &&
      find "$1" -xdev ! -user "$user" -exec chown -h "$user:" {} +
  else
    mkdir -p "$1"
  fi
}

# The cache is a help and never a need: without ccache, without a folder that can be written to or with a full disk
# everything is compiled. Paths in the private folder, another one each time, count from its top.
use_compiler_cache() {
  local wrappers folder
  for folder in /usr/lib/ccache /usr/lib64/ccache; do [ ! -x "$folder/g++" ] || wrappers=$folder; done
  [ -n "${wrappers:-}" ] && own_folder "$cache/ccache" 2>/dev/null || return 0
  compiler_cache=(PATH="$wrappers:$PATH" CCACHE_DIR="$cache/ccache" CCACHE_BASEDIR="$work" CCACHE_NOHASHDIR=1
    CCACHE_MAXSIZE=1G)
  as_user tee "$work/t/probe.cpp" <<<"int probe_$RANDOM;" >/dev/null
  as_user c++ -c -o "$work/t/probe.o" "$work/t/probe.cpp" 2>"$work/t/probe.log" || compiler_cache=()
}

# Runs a command as the unprivileged user in an environment of ours (no PGHOST, PGUSER, LC_*, ... of the caller).
as_user() {
  "${unprivileged[@]}" env -i PATH="$PATH" HOME="$work/home" TMPDIR="$work/t" LC_ALL=C.UTF-8 TERM="${TERM:-dumb}" \
    "${compiler_cache[@]}" "$@"
}

# background COMMAND...: like as_user, without waiting, in a process group that ends with us. $! is its leader.
background() {
  set -m
  as_user "$@" </dev/null &
  set +m
}

# run COMMAND...: the same and waits for it, so that a signal to us is handled at once.
run() {
  background "$@"
  wait "$!"
}

# step LOG command...: runs it and shows its output only when it fails: the first errors and the end.
step() {
  local log=$work/t/$1.log
  shift
  run "$@" >"$log" 2>&1 || { cache_failed "$log" && run "$@" >"$log" 2>&1; } || { explain_build "$log"; return 1; }
}

# Whether it was the cache that failed: from now on we do without it.
cache_failed() {
  grep -qs '^ccache: error' "$1" || return 1
  say "   ccache does not work; going on without it: $(grep -m 1 '^ccache: error' "$1")"
  compiler_cache=()
}

explain_build() {
  grep -nE -m 20 -A 3 'error:|ERROR' "$1" || true
  say '...'
  tail -n 40 "$1"
}

cleanup() {
  local status=$?
  trap - EXIT
  trap '' INT TERM HUP
  local group
  for group in $(jobs -pr); do kill -TERM -- "-$group" 2>/dev/null || true; done
  wait
  if [ -n "$work" ] && [ -d "$work" ]; then
    stop_servers
    cd /
    rm -rf "$work"
  fi
  exit "$status"
}

# Stops every server whose data folder is in ours. The working folder of the process proves that the pid is meant.
stop_servers() {
  local pid_file pid turn
  while read -r pid_file; do
    pid=$(head -n 1 "$pid_file")
    [ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" = "${pid_file%/*}" ] || continue
    kill -QUIT "$pid" 2>/dev/null || continue
    for turn in {1..100}; do
      kill -0 "$pid" 2>/dev/null || break
      [ "$turn" != 100 ] || kill -KILL "$pid"
      sleep 0.1
    done
  done < <(find "$work" -name postmaster.pid 2>/dev/null)
}

# ---- building -------------------------------------------------------------------------------------------------

# Copies the installed PostgreSQL to $work/pg, once: it finds its files relative to its programs, so the copy's
# pg_config answers with private paths, and `make install` needs no rights. Sets pg_config and bindir to the copy's.
relocate_postgres() {
  [ -x "$PG_CONFIG" ] || die "there is no $PG_CONFIG"
  local dir common include original
  original=$("$PG_CONFIG" --bindir)
  common=$original
  for dir in "$("$PG_CONFIG" --sharedir)" "$("$PG_CONFIG" --pkglibdir)"; do
    while [[ $dir/ != "$common"/* ]]; do common=${common%/*}; done
  done
  bindir=$work/pg${original#"$common"}
  pg_config=$bindir/pg_config
  local whole
  whole=$(stat -c '%n %s %Y' "$original/postgres")
  [ "$(cat "$work/pg/whole" 2>/dev/null)" != "$whole" ] || return 0
  rm -rf "${work:?}/pg"
  for dir in "$original" "$("$PG_CONFIG" --pkglibdir)" "$("$PG_CONFIG" --sharedir)"; do
    as_user mkdir -p "$work/pg${dir#"$common"}"
    as_user cp -aL "$dir/." "$work/pg${dir#"$common"}" 2>"$work/t/relocate.log" || true  # dangling links are no loss
  done
  include=$("$PG_CONFIG" --pkgincludedir)
  [ "${include##*/}" != "$pg_major" ] || include=${include%/*}  # Debian: all versions side by side
  as_user mkdir -p "$(dirname "$work/pg${include#"$common"}")"
  as_user ln -s "$include" "$work/pg${include#"$common"}"
  [[ $(as_user "$pg_config" --sharedir) == "$work"/* ]] || die "this PostgreSQL does not work from another folder"
  as_user tee "$work/pg/whole" >/dev/null <<<"$whole"
}

# Builds the module in the copy of the sources and installs it into the private PostgreSQL.
build_module() {
  relocate_postgres
  say "== build: PostgreSQL $("$pg_config" --version | sed 's/^[^0-9]*//'), $(c++ --version | head -n 1)"
  local make=(make -C "$work/src" PG_CONFIG="$pg_config") log=$work/t/build.log
  compile_module || { cache_failed "$log" && compile_module; } || { explain_build "$log"; return 1; }
  step install "${make[@]}" -s install
}

# With the `make` and the `log` of build_module.
compile_module() {
  local total
  total=$(as_user "${make[@]}" -n | grep -c ' -c -o ' || true)
  background "${make[@]}" -j"$(nproc)" >"$log" 2>&1
  tell_progress $! build "$total" ' -c -o ' "$log"
}

# build_target FOLDER TARGET FLAGS...: builds a target of CMakeLists.txt in a folder of $work.
build_target() {
  local folder=$1 target=$2
  shift 2
  step "configure-$folder" cmake -S src -B "$folder" -DHEADWAY_MODULE=OFF "$@" || return 1
  step "build-$target" cmake --build "$folder" -j"$(nproc)" --target "$target"
}

build_sanitized() { build_target sanitized "$1" -DHEADWAY_SANITIZE=ON -DCMAKE_BUILD_TYPE=Debug; }

build_guard() {
  step build-guard make -s -C src/test/module PG_CONFIG="$pg_config" || return 1
  step install-guard make -s -C src/test/module install PG_CONFIG="$pg_config"
}

# ---- running tests --------------------------------------------------------------------------------------------

pgxs_test_dir() { echo "$(dirname "$("$pg_config" --pgxs)")/../../src/test"; }

# prove_file NAME: a TAP test, with all that it leaves in $work/tap/NAME.
prove_file() {
  local name=$1 test_dir
  test_dir=$(cd "$(pgxs_test_dir)" && pwd)
  as_user mkdir -p "$work/tap/$name"
  run env TESTDIR="$work/tap/$name" TESTLOGDIR="$work/tap/$name/log" TESTDATADIR="$work/tap/$name/data" \
    PG_REGRESS="$test_dir/regress/pg_regress" PATH="$bindir:$PATH" PGPORT=65432 \
    PERL5LIB="$test_dir/perl:$work/src/test/t" prove --verbose "src/test/t/$name.pl"
}

# The names of the regression tests, from a copy of the sources.
regression_tests() { find src/sql -name '*.sql' -printf '%f\n' | sed 's/\.sql$//' | LC_ALL=C sort; }
