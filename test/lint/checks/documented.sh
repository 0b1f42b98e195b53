# Every function, setting and SQLSTATE that a user meets has its place in docs/.
# To do: add it to the page of its topic: arguments with units, result, errors, privileges; docs/errors.md for codes.

mentioned() { grep -rqwF -- "$1" docs --include='*.md' 2>/dev/null; }

[ -f src/extension/pg_headway.sql ] && grep -oiE '^ *CREATE (OR REPLACE )?(FUNCTION|PROCEDURE) +[a-z0-9_.@"]+' \
  src/extension/pg_headway.sql | sed -E 's/.*[ .]//' | grep -E '^(migrate|safe)_' | sort -u |
  while read -r name; do [ -f "docs/functions/$name.md" ] || echo "function $name has no page docs/functions/$name.md"; done

# A function has a line in the index, an operation one in the table of safe changes.
for page in docs/functions/*.md; do
  grep -qF "functions/$(basename "$page")" docs/index.md || echo "docs/index.md does not name $(basename "$page" .md)"
done
sed -n 's/^  OPERATION(\(safe_[a-z_]*\),.*/\1/p' src/operations/operation_call.hpp | while read -r name; do
  grep -qF "functions/$name.md" docs/safe-changes.md || echo "docs/safe-changes.md does not name $name"
done

# A setting has a row in docs/settings.md, a number with its default.
grep -oE '"headway\.[a-z_]+"' src/pg/settings.cpp | tr -d '"' | while read -r name; do
  grep -qF "| \`$name\` |" docs/settings.md || echo "docs/settings.md has no row for $name"
done
sed -n "s/^NumberSetting .*{\(\"headway[a-z_.]*\"\), \([0-9']*\), .*/\1 \2/p" src/pg/settings.cpp | tr -d "\"'" |
  while read -r name value; do
    grep -qE "^\| \`$name\` \| [a-z]* \| ${value}[ |(]" docs/settings.md || echo "docs/settings.md has another default for $name than $value"
  done

if [ -f src/core/sqlstate.hpp ]; then
  sed -n 's/.*"\(MG[0-9A-Z]\{3\}\)".*/\1/p' src/core/sqlstate.hpp | while read -r code; do
    mentioned "$code" || echo "SQLSTATE $code is not in docs/"
  done
fi
