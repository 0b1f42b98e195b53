"""Alembic as the oracle: its own revision map, script directory and head maintenance, without a database.

It runs as it is installed. corrected_heads() replaces two of its functions, to tell whether a difference has one of
the two causes that README.md gives for heads after a merge point.
"""
import contextlib
import types
import warnings

from alembic.runtime import migration
from alembic.script.base import ScriptDirectory
from alembic.script.revision import Revision, RevisionMap

warnings.filterwarnings("error", message=".*multiple heads.*")
warnings.filterwarnings("error", message=".*is not present.*")


class ScriptWithoutFile(Revision):
    module = types.SimpleNamespace(upgrade=lambda: None, downgrade=lambda: None)
    doc = ""


class MapWithStableOrder(RevisionMap):
    """Alembic keeps refined dependencies in a set; their order is made that of their declaration."""

    def _normalize_depends_on(self, revisions, map_):
        super()._normalize_depends_on(revisions, map_)
        for revision in revisions:
            kept = set(revision._normalized_resolved_dependencies)
            revision._normalized_resolved_dependencies = tuple(
                name for name in dict.fromkeys(revision._resolved_dependencies) if name in kept
            )


class VersionTableInMemory(migration.HeadMaintainer):
    def __init__(self, heads):
        super().__init__(None, heads)

    def _insert_version(self, version):
        assert version not in self.heads
        self.heads.add(version)

    def _delete_version(self, version):
        self.heads.remove(version)

    def _update_version(self, from_, to_):
        assert to_ not in self.heads
        self.heads.remove(from_)
        self.heads.add(to_)


def implied_by(revision_map, ids):
    """All that `ids` rest on, without themselves unless another one rests on them."""
    implied = set()
    for one in ids:
        for node in revision_map._get_ancestor_nodes(revision_map.get_revisions(one)):
            if node.revision != one:
                implied.add(node.revision)
    return implied


def _heads_after_unmerge(step, heads):
    others = set(heads) - {step.revision.revision}
    below = step.to_revisions
    taken = others | implied_by(step.revision_map, others) | implied_by(step.revision_map, below)
    return tuple(name for name in below if name not in taken)


def _heads_merged(step, heads):
    merged = [name for name in step.from_revisions if name in heads]
    return merged[:-1], merged[-1], step.to_revisions[0]


@contextlib.contextmanager
def corrected_heads():
    """Alembic with the two corrections, for as long as it lasts."""
    step = migration.RevisionStep
    stock = step._unmerge_to_revisions, step.merge_branch_idents
    step._unmerge_to_revisions, step.merge_branch_idents = _heads_after_unmerge, _heads_merged
    try:
        yield
    finally:
        step._unmerge_to_revisions, step.merge_branch_idents = stock


class Oracle:
    def __init__(self, revisions):
        """revisions: (id, parents, dependencies, labels), in the order of registration."""
        self.map = MapWithStableOrder(
            lambda: [
                ScriptWithoutFile(name, tuple(parents) or None, tuple(deps) or None, tuple(labels) or None)
                for name, parents, deps, labels in revisions
            ]
        )
        self.scripts = ScriptDirectory.__new__(ScriptDirectory)
        self.scripts.revision_map = self.map
        self.map._revision_map  # builds it, and finds cycles and missing parents

    def run(self, steps, heads):
        """The steps as (revision, from, to, heads after)."""
        table = VersionTableInMemory(heads)
        done = []
        for step in steps:
            table.update_to_step(step)
            name = getattr(getattr(step, "revision", None), "revision", None)
            done.append((name, step.from_revisions_no_deps, step.to_revisions_no_deps, frozenset(table.heads)))
        return done, frozenset(table.heads)

    def upgrade(self, heads, target):
        target = tuple(target.split(", ")) if ", " in target else target
        return self.run(self.scripts._upgrade_revs(target, tuple(heads)), heads)

    def downgrade(self, heads, target):
        return self.run(self.scripts._downgrade_revs(target, tuple(heads)), heads)

    def stamp(self, heads, targets, purge):
        heads = () if purge else tuple(heads)
        return self.run(self.scripts._stamp_revs(tuple(targets), heads), heads)[1]

    def history(self, heads, base, head):
        ends = self.range_ends(heads, base, head)
        return [script.revision for script in self.scripts.walk_revisions(base=ends[0], head=ends[1])]

    def collect_history(self, heads, base, head):
        """The revisions of a range, without their order."""
        base, head = self.range_ends(heads, base, head)
        found, _ = self.map._collect_upgrade_revisions(
            head, base, inclusive=True, implicit_base=False, assert_relative_length=False
        )
        return {node.revision for node in found}

    @staticmethod
    def range_ends(heads, base, head):
        base = tuple(heads) if base == "current" else base or "base"
        head = tuple(heads) if head == "current" else "heads" if head == "" else head
        return base or "base", head
