# sqlapi -> server -> engine -> core, server -> pg -> core; core and engine know nothing of the server.
# To do: move what is needed to a lower layer, or reach it through a port of engine (CONTRIBUTING.md, layout).

# What each layer may include of ours. pg takes from core what has no logic of migrations in it: values and errors.
may_include() {
  case $1 in
    core) echo core ;;
    engine) echo core engine ;;
    pg) echo core pg ;;
    server) echo core engine pg server ;;
    sqlapi) echo core engine pg server sqlapi ;;
  esac
}

for layer in core engine pg server sqlapi; do
  [ -d "src/$layer" ] || continue
  grep -rnoE '#include "(core|engine|pg|server|sqlapi)/' "src/$layer" | while IFS=: read -r file line include; do
    target=${include#*\"}
    [[ " $(may_include $layer) " == *" ${target%/} "* ]] || echo "$file:$line: $layer includes ${target%/}"
  done
done
