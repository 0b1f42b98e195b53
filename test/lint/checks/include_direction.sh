# sqlapi -> commands -> operations, adapters -> engine -> core, and the first four -> pg -> core; core and engine know nothing of the
# server, operations and adapters nothing of each other.
# Inside of pg: process and catalog -> parse, process -> locks -> catalog, and all of them -> the bridge in src/pg itself.
# To do: move what is needed to a lower layer, or reach it through a port of engine (CONTRIBUTING.md, layout).

# What each layer may include of ours. pg takes from core what has no logic of migrations in it: values and errors.
may_include() {
  case $1 in
    core) echo core ;;
    engine) echo core engine ;;
    pg) echo core pg ;;
    operations) echo core engine pg operations ;;
    adapters) echo core engine pg adapters ;;
    commands) echo core engine pg operations adapters commands ;;
    sqlapi) echo core pg adapters commands sqlapi ;;
  esac
}

for layer in core engine pg operations adapters commands sqlapi; do
  [ -d "src/$layer" ] || continue
  grep -rnoE '#include "(core|engine|pg|operations|adapters|commands|sqlapi)/[a-z_/]+\.hpp' "src/$layer" | while IFS=: read -r file line include; do
    target=${include#*\"}
    target=${target%%/*}
    [[ " $(may_include $layer) " == *" ${target%/} "* ]] || echo "$file:$line: $layer includes ${target%/}"
  done
done

grep -rnoE '#include "core/[a-z_]+\.hpp' src/pg | grep -vE '/(blocker|error|format|short_hash|sqlstate|statement|surroundings|time_window)\.hpp$' |
  while IFS=: read -r file line include; do echo "$file:$line: pg includes ${include#*\"}: logic of migrations"; done

# What each room of pg may include of the others.
room_may_include() {
  case $1 in
    parse) echo parse ;;
    catalog) echo parse catalog ;;
    locks) echo parse catalog locks ;;
    process) echo parse catalog locks process ;;
  esac
}

for room in . parse catalog locks process; do
  grep -noE '#include "pg/[a-z]+/' src/pg/$room/*.[ch]pp | while IFS=: read -r file line include; do
    target=${include#*pg/}
    [[ " $(room_may_include $room) " == *" ${target%/} "* ]] || echo "$file:$line: pg/$room includes pg/${target%/}"
  done
done
