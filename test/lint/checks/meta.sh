# META.json has what the PGXN Meta Spec 1.0.0 requires, in its forms, and names files that are there.
# To do: make META.json say it.
python3 - <<'PYTHON'
import json
import os
import re

meta = json.load(open("META.json"))
for key in ("name", "version", "abstract", "maintainer", "license", "provides", "meta-spec"):
    if not meta.get(key):
        print("META.json: the key %s is missing" % key)
semantic = re.compile(r"^\d+\.\d+\.\d+([A-Za-z][0-9A-Za-z.-]*|-[0-9A-Za-z.-]+)?$")
if not re.fullmatch(r"[^\s/\\\x00-\x1f]{2,}", meta["name"]):
    print("META.json: %r is no name" % meta["name"])
if meta["meta-spec"].get("version") != "1.0.0":
    print("META.json: it is written for version 1.0.0 of the format")
if meta.get("release_status", "stable") not in ("stable", "testing", "unstable"):
    print("META.json: release_status is stable, testing or unstable")
if meta["license"] != "postgresql":
    print("META.json: the license is that of the file LICENSE")
for name, provided in meta["provides"].items():
    for key in ("file", "version"):
        if key not in provided:
            print("META.json: provides %s without %s" % (name, key))
    for key in ("file", "docfile"):
        if key in provided and not os.path.exists(provided[key]):
            print("META.json: %s is not there" % provided[key])
for version in [meta["version"]] + [provided["version"] for provided in meta["provides"].values()]:
    if not semantic.match(version):
        print("META.json: %s is no semantic version" % version)
for phase, relations in meta.get("prereqs", {}).items():
    if phase not in ("configure", "build", "test", "runtime", "develop"):
        print("META.json: there is no phase %s" % phase)
    for relation, wanted in relations.items():
        for version in wanted.values():
            if relation not in ("requires", "recommends", "suggests", "conflicts") or not semantic.match(str(version)):
                print("META.json: prereqs: %s %s" % (relation, version))
for tag in meta.get("tags", []):
    if not 0 < len(tag) <= 256 or "/" in tag or "\\" in tag:
        print("META.json: %r is no tag" % tag)
PYTHON
