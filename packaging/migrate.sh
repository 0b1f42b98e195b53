#!/bin/sh
# Loads the revisions of a folder, all of them or none, and upgrades the database to its heads. libpq's environment
# (PGHOST, PGUSER, PGPASSWORD, PGDATABASE) says where; the user needs what docs/privileges.md says.
#
#   headway-migrate /revisions
set -eu
folder=${1:?which folder?}
set -- -X -q -v ON_ERROR_STOP=1
psql "$@" -c 'CREATE EXTENSION IF NOT EXISTS pg_headway'
found=no
for file in "$folder"/*.sql; do
  [ -e "$file" ] || continue
  set -- "$@" -f "$file"
  found=yes
done
[ "$found" = yes ] || { echo "headway-migrate: $folder holds no *.sql" >&2; exit 1; }
psql --single-transaction --output=/dev/null "$@"
# A call of its own, outside of a transaction: each revision commits.
psql -X -v ON_ERROR_STOP=1 -c "SELECT migrate_upgrade('heads')"
