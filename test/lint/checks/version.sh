# extension.control is the one place of the version; PGXN's META.json repeats it by its format's rule.
# To do: make META.json say what extension.control says; an upgrade script from the last release is needed too.

version=$(sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" extension.control)
grep -oE '"version": "[^"]*"' META.json | head -n 2 | grep -v "\"$version\"" | sed "s/^/META.json says /; s/\$/, extension.control $version/"
for file in src/extension/pg_headway.sql src/extension/upgrades/*.sql; do
  [ ! -f "$file" ] || grep -q '^\\echo Use ' "$file" || printf '%s: no \\\\echo Use ... \\\\quit guard\n' "$file"
done
