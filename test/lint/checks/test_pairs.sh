# Every test has what it is compared with, and is run.
# To do: add the expected file (from results/, after reading it), or the line in the schedule.

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

if [ -f test/regress_schedule ]; then
  for file in sql/*.sql; do
    grep -qE "^test:.*\b$(basename "$file" .sql)\b" test/regress_schedule || echo "$file is not in test/regress_schedule"
  done
fi
