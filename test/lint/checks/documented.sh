# Every function, setting and SQLSTATE that a user meets has its place in docs/.
# To do: add it to the page of its topic: arguments with units, result, errors, privileges; docs/errors.md for codes.

mentioned() { grep -rqwF -- "$1" docs --include='*.md' 2>/dev/null; }

[ -f src/extension/pg_headway.sql ] && grep -oiE '^ *CREATE (OR REPLACE )?(FUNCTION|PROCEDURE) +[a-z0-9_.@"]+' \
  src/extension/pg_headway.sql | sed -E 's/.*[ .]//' | grep -E '^(migrate|safe)_' | sort -u |
  while read -r name; do [ -f "docs/functions/$name.md" ] || echo "function $name has no page docs/functions/$name.md"; done

grep -rhoE 'Define[A-Za-z]*Variable\( *"headway\.[a-z_]+"|"headway\.[a-z_]+"' src --include='*.cpp' | grep -oE 'headway\.[a-z_]+' |
  sort -u | while read -r name; do
    # Names of relations are written the same way; a setting is defined somewhere.
    grep -rqzE "Define[A-Za-z]*Variable\(\s*\"$name\"" src --include='*.cpp' || continue
    mentioned "$name" || echo "setting $name is not in docs/"
  done

if [ -f src/core/sqlstate.hpp ]; then
  sed -n 's/.*"\(MG[0-9A-Z]\{3\}\)".*/\1/p' src/core/sqlstate.hpp | while read -r code; do
    mentioned "$code" || echo "SQLSTATE $code is not in docs/"
  done
fi
