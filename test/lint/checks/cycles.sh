# No circle between files: of two that need each other one cannot be read, tested or moved without the other.
# To do: move what both need to a third file, or hand one of them what it needs as an argument.
python3 - <<'PYTHON'
import os
import re

# A file is its header and its source together.
needs = {}
for folder, _, names in os.walk("src"):
    for name in names:
        if not name.endswith((".cpp", ".hpp")):
            continue
        path = os.path.join(folder, name)
        unit = os.path.splitext(os.path.relpath(path, "src"))[0]
        found = re.findall(r'^#include "([a-z_/]+)\.hpp"', open(path).read(), re.M)
        needs.setdefault(unit, set()).update(other for other in found if other != unit)

done, way = set(), []


def visit(unit):
    if unit in way:
        print(" -> ".join(way[way.index(unit):] + [unit]))
        return
    if unit in done:
        return
    way.append(unit)
    for other in sorted(needs.get(unit, ())):
        visit(other)
    way.pop()
    done.add(unit)


for unit in sorted(needs):
    visit(unit)
PYTHON
