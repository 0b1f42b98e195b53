# sqlapi -> server -> operations -> engine -> core, server and operations -> pg -> core; core and engine know nothing of the server.
# To do: move what is needed to a lower layer, or reach it through a port of engine (CONTRIBUTING.md, layout).

# What each layer may include of ours. pg takes from core what has no logic of migrations in it: values and errors.
may_include() {
  case $1 in
    core) echo core ;;
    engine) echo core engine ;;
    pg) echo core pg ;;
    operations) echo core engine pg operations ;;
    server) echo core engine pg operations server ;;
    sqlapi) echo core engine pg operations server sqlapi ;;
  esac
}

for layer in core engine pg operations server sqlapi; do
  [ -d "src/$layer" ] || continue
  grep -rnoE '#include "(core|engine|pg|operations|server|sqlapi)/' "src/$layer" | while IFS=: read -r file line include; do
    target=${include#*\"}
    [[ " $(may_include $layer) " == *" ${target%/} "* ]] || echo "$file:$line: $layer includes ${target%/}"
  done
done
