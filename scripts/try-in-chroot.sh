#!/usr/bin/env bash
# For developers: runs a command of the README in a Debian with nothing but the base system, on a clean clone.
#
#   scripts/try-in-chroot.sh [--user] [--suite bookworm] COMMAND...
#   scripts/try-in-chroot.sh scripts/test.sh          as root
#   scripts/try-in-chroot.sh --user scripts/demo.sh   as a user with sudo
#   PGVERSION=19 scripts/try-in-chroot.sh --suite experimental scripts/test.sh
#
# Needs root, debootstrap and git. The base system is made once and kept as a tarball in HEADWAY_CHROOT_CACHE
# (default: /var/cache/headway-chroot); MIRROR names a mirror other than debootstrap's own. Mounts and processes live in namespaces of
# their own: nothing of them is left when the command ends, however it ends.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${HEADWAY_CHROOT_CACHE:-/var/cache/headway-chroot}
suite=bookworm
as_user=no
while :; do
  case ${1:-} in
    --user) as_user=yes && shift ;;
    --suite) suite=$2 && shift 2 ;;
    *) break ;;
  esac
done
if [ $# = 0 ] || [ "$(id -u)" != 0 ]; then
  sed -n '2,/^set/{/^#/p}' "$0" >&2
  exit 2
fi

root=
trap 'rm -rf --one-file-system "$root"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
root=$(mktemp -d /tmp/headway-chroot.XXXXXX)

# Experimental is no system of its own, but packages for sid.
base_system() {
  local base=${suite/experimental/sid}
  local tarball=$cache/$base.tar
  if [ ! -f "$tarball" ]; then
    echo "== base system: $base"
    mkdir -p "$cache" "$root/base"
    debootstrap --variant=minbase "$base" "$root/base" ${MIRROR:+"$MIRROR"} >"$root/debootstrap.log" ||
      { tail -n 20 "$root/debootstrap.log" >&2; exit 1; }
    rm -rf "$root"/base/var/cache/apt/archives/*.deb "$root"/base/var/lib/apt/lists/*_*
    tar -C "$root/base" -cf "$tarball.new" .
    mv "$tarball.new" "$tarball"
    rm -rf "$root/base"
  fi
  mkdir "$root/system"
  tar -C "$root/system" -xf "$tarball"
}

configure() {
  cp /etc/resolv.conf "$root/system/etc/resolv.conf"
  echo "127.0.0.1 localhost $(hostname)" >"$root/system/etc/hosts"
  # Proxies and the like of this machine.
  apt-config dump | grep '^Acquire::' >"$root/system/etc/apt/apt.conf.d/90host" || true
  # The mirror that debootstrap has written there carries the suite's updates as well.
  local sources=$root/system/etc/apt/sources.list
  case $suite in
    sid) ;;
    experimental)
      sed -n 's/^\(deb [^ ]*\) sid main.*/\1 experimental main/p' "$sources" | tee -a "$sources" >/dev/null
      printf 'Package: *postgresql* libpq* libecpg*\nPin: release a=experimental\nPin-Priority: 600\n' \
        >"$root/system/etc/apt/preferences.d/experimental"
      ;;
    *) sed -n "s/^\(deb [^ ]*\) $suite main.*/\1 $suite-updates main/p" "$sources" | tee -a "$sources" >/dev/null ;;
  esac
  git clone -q --no-hardlinks "file://$repository" "$root/system/srv/pg_headway"
}

add_user() {
  echo "== a user with sudo"
  in_chroot "apt-get update -qq && apt-get install -qq -y --no-install-recommends sudo >/dev/null 2>&1
    useradd --create-home --shell /bin/bash dev
    echo 'dev ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/dev
    chown -R dev: /srv/pg_headway"
}

# Runs a shell command inside, as root. The namespaces end with it, and with us.
# shellcheck disable=SC2016  # expanded by the shell inside
in_chroot() {
  unshare --mount --pid --fork --kill-child --propagation private bash -c '
    mount -t proc proc "$1/proc" && mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm" &&
      mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts" &&
      exec chroot "$1" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        HOME=/root TERM=dumb DEBIAN_FRONTEND=noninteractive bash -c "$2"' bash "$root/system" "$1"
}

base_system
configure
[ "$as_user" = no ] || add_user
command="cd /srv/pg_headway && PGVERSION=${PGVERSION:-} $(printf '%q ' "$@")"
[ "$as_user" = no ] || command="runuser -u dev -- env HOME=/home/dev bash -c $(printf '%q' "$command")"
# What is left when the command has ended: files in /tmp, and processes beside this shell (1).
left="echo \"== left behind in /tmp: \$(find /tmp -mindepth 1 -maxdepth 1 -printf '%f ') processes:\" \
  \$(for p in /proc/[0-9]*; do [ \${p#/proc/} = 1 ] || [ \$(readlink \$p/exe) = /usr/bin/bash ] || cat \$p/comm; done 2>/dev/null)"
status=0
in_chroot "$command; status=\$?; $left; exit \$status" || status=$?
exit "$status"
