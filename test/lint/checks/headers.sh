# A header opens with what it is about, and is read once.
# To do: begin the header with 1-12 comment lines on its concept, followed by #pragma once.

find src test -name '*.hpp' | while read -r file; do
  [[ $(head -n 1 "$file") == //* ]] || echo "$file: no opening comment"
  grep -q '^#pragma once' "$file" || echo "$file: no #pragma once"
done
