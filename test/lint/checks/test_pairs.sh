# Every test has what it is compared with, and the other way round.
# To do: add the expected file (from results/, after reading it).

pairs() {  # pairs TESTS EXPECTED EXTENSION
  local file name
  for file in "$1"/*"$3"; do
    [ -e "$file" ] || continue
    name=$(basename "$file" "$3")
    [ -e "$2/$name.out" ] || echo "$file has no $2/$name.out"
  done
  for file in "$2"/*.out; do
    [ -e "$file" ] || continue
    name=$(basename "$file" .out)
    # name_1.out is a second accepted result of name
    [ -e "$1/$name$3" ] || [ -e "$1/${name%_[0-9]}$3" ] || echo "$file has no $1/$name$3"
  done
}

pairs sql expected .sql
pairs test/module/sql test/module/expected .sql
pairs test/isolation/specs test/isolation/expected .spec
