# No function of more than 80 lines, from the line that opens its body to the one that closes it.
# To do: split it by what its parts are about; the parts get the names that its comments had.

find src test -name '*.[ch]pp' | while read -r file; do
  awk -v file="$file" '
    match($0, /^ *[^ \/#]/) {
      indent = RLENGTH - 1
      first = $1
      if (indent > 2) next
      if ($0 ~ /^ *}/) {
        if (indent in start) {
          if (NR - start[indent] > 80)
            printf "%s:%d: %d lines\n", file, start[indent], NR - start[indent] + 1
          delete start[indent]
        }
      } else if ($0 ~ /{$/ && $0 !~ /= *{$/ && first !~ /^(namespace|class|struct|enum|union|extern|template)$/) {
        start[indent] = NR
      }
    }' "$file"
done
