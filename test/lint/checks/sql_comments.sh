# Every object of the extension says what it is: \d+ and \df+ are documentation too.
# To do: add COMMENT ON <kind> <name> ... IS '...' to src/extension/pg_headway.sql.

script=src/extension/pg_headway.sql
[ -f $script ] || exit 0

# "function migrate_upgrade" for each object created ($1 = CREATE) or described ($1 = COMMENT ON), overloads repeated.
objects() {
  grep -ivE '^ *--' $script | grep -oiE \
    "^ *$1 (OR REPLACE )?(FUNCTION|PROCEDURE|AGGREGATE|VIEW|TABLE|SEQUENCE|TYPE|DOMAIN|SCHEMA|OPERATOR CLASS) +(IF NOT EXISTS +)?[a-z0-9_.@\"]+" |
    sed -E "s/^ *$1 +//I; s/(OR REPLACE|IF NOT EXISTS) +//I; s/@extschema@\.//; s/^([A-Za-z]+)/\L\1/; s/\"//g" | sort
}

comm -23 <(objects CREATE) <(objects 'COMMENT ON') | sed 's/$/ has no comment/'

