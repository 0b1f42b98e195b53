# The C functions that the SQL script names and those that the code offers are the same.
# To do: add the missing half (CREATE FUNCTION ... LANGUAGE c, or PG_FUNCTION_INFO_V1), or remove the other.

script=src/extension/pg_headway.sql
{ [ -f $script ] && [ -d src/sqlapi ]; } || exit 0
shopt -s globstar nullglob

# The C symbol: the one given after MODULE_PATHNAME, or the SQL name.
declared() {
  awk '
    /^ *--/ { next }
    { line = $0 }
    tolower(line) ~ /create (or replace )?(function|procedure)/ {
      name = line; sub(/.*(FUNCTION|PROCEDURE|function|procedure) +/, "", name); sub(/[^A-Za-z0-9_.@"].*/, "", name); sub(/.*\./, "", name)
    }
    line ~ /MODULE_PATHNAME/ {
      symbol = line
      if (sub(/.*MODULE_PATHNAME\047 *, *\047/, "", symbol)) { sub(/\047.*/, "", symbol); print symbol } else print name
    }' $script src/extension/upgrades/*.sql | sort -u
}
offered() {
  cat src/**/*.cpp | grep -oE '\b(PG_FUNCTION_INFO_V1|HEADWAY_[A-Z_]+)\((migrate|safe|headway)_[a-z0-9_]+' | sed 's/.*(//' | sort -u
}

[ -n "$(offered)" ] || exit 0
comm -23 <(declared) <(offered) | sed 's/$/: in the SQL script, not in the code/'
comm -13 <(declared) <(offered) | sed 's/$/: in the code, not in the SQL script/'
