#!/usr/bin/python3
"""Random command sequences on random graphs, through Alembic and through our planner: plan and heads must be equal.

    compare_with_alembic.py path/to/planner_cli [--graphs N] [--seed N] [--commands N]

Differences that are meant are listed in README.md, recognised here by their cause, and counted. Any other ends the
run with the graph and the command that show it.
"""
import argparse
import collections
import random
import re
import subprocess
import sys

import alembic_oracle
import random_graphs

Outcome = collections.namedtuple("Outcome", "ok value")


class Planner:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *lines):
        self.process.stdin.write("".join(line + "\n" for line in lines))
        self.process.stdin.flush()
        answer = self.process.stdout.readline().rstrip("\n")
        if not answer:
            sys.exit("the planner died of: %r" % (lines,))
        fields = answer.split("\t")
        return Outcome(fields[0] == "ok", fields[1:])

    def load(self, revisions):
        lines = ["\t".join((name, ",".join(down), ",".join(deps), ",".join(labels)))
                 for name, down, deps, labels in revisions]
        return self.ask("graph\t%d" % len(lines), *lines)


def names(text):
    return tuple(text.split(",")) if text else ()


def our_steps(outcome, heads):
    """Applies each step's change of heads strictly: a wrong removal or addition is a failure of its own."""
    table, done = set(heads), []
    for field in outcome.value:
        revision, from_, to, removed, added = field.split("|")
        for name in names(removed):
            table.remove(name)
        for name in names(added):
            assert name not in table, "added twice: " + name
            table.add(name)
        done.append((revision, names(from_), names(to), frozenset(table)))
    return done, frozenset(table)


def parts(target):
    """Label, symbol and steps; None where there is none."""
    label, _, place = target.rpartition("@")
    found = re.fullmatch(r"(\w*)([+-]\d+)?", place)
    return label or None, found.group(1) or None, int(found.group(2)) if found.group(2) else None


class Comparison:
    def __init__(self, planner, seed):
        self.planner, self.seed = planner, seed
        self.rng = random.Random(seed)
        self.revisions = random_graphs.graph(self.rng)
        self.words = random_graphs.Words(self.rng, self.revisions)
        self.heads = frozenset()
        self.counts = collections.Counter()

    def run(self, commands):
        answer = self.planner.load(self.revisions)
        try:
            self.oracle = alembic_oracle.Oracle(self.revisions)
        except Exception as error:  # pylint: disable=broad-except
            if answer.ok:
                self.fail("graph", "", error, answer)
            self.counts["graphs refused by both"] += 1
            return
        if not answer.ok:
            self.fail("graph", "", "accepted", answer)
        self.labels()
        for _ in range(commands):
            if not self.heads and self.rng.random() < 0.5:
                self.upgrade()
            self.rng.choice((self.upgrade, self.upgrade, self.downgrade, self.downgrade, self.stamp, self.history))()

    def labels(self):
        ours = [frozenset(names(field)) for field in self.planner.ask("labels").value]
        theirs = [frozenset(self.oracle.map.get_revision(revision[0]).branch_labels) for revision in self.revisions]
        if ours != theirs:
            self.fail("labels", "", theirs, ours)

    def oracle_outcome(self, call, *arguments):
        try:
            return Outcome(True, call(*arguments))
        except Exception as error:  # pylint: disable=broad-except
            return Outcome(False, error)

    def check(self, command, target, theirs, ours, explain):
        self.counts[command] += 1
        if theirs.ok == ours.ok and (not ours.ok or theirs.value == ours.value):
            self.counts["both refuse" if not ours.ok else "equal"] += 1
            if ours.ok and command in ("upgrade", "downgrade"):
                self.counts["steps equal"] += len(ours.value[0])
            return True
        reason = explain(theirs, ours)
        if reason is None:
            self.fail(command, target, theirs, ours)
        self.counts["meant: " + reason] += 1
        return False

    def move(self, command, target, oracle_call, explain):
        theirs = self.oracle_outcome(oracle_call, sorted(self.heads), target)
        ours = self.planner.ask("\t".join((command, ",".join(sorted(self.heads)), target)))
        if ours.ok:
            ours = Outcome(True, our_steps(ours, self.heads))

        def explain_move(theirs, ours):
            with alembic_oracle.corrected_heads():
                again = self.oracle_outcome(oracle_call, sorted(self.heads), target)
                if again != ours:
                    return explain(target, again, ours)
            return "no row for an implied head" if theirs.ok else "a merge point may imply one of its parents"

        self.check(command, target, theirs, ours, explain_move)
        if ours.ok:
            self.heads = ours.value[1]

    def pick(self, among, often):
        kind = self.rng.random()
        if kind < 0.2:
            return self.rng.choice(often)
        return self.words.target() if kind < 0.45 else self.words.likely_target(among)

    def upgrade(self):
        target = self.pick({revision[0] for revision in self.revisions}, ("heads", "+1"))
        if self.rng.random() < 0.1:
            target = self.words.absolute() + ", " + self.words.absolute()
        self.move("upgrade", target, self.oracle.upgrade, self.explain_upgrade)

    def downgrade(self):
        applied = self.heads | alembic_oracle.implied_by(self.oracle.map, self.heads)
        target = self.pick(applied, ("-1", "base"))
        self.move("downgrade", target, self.oracle.downgrade, self.explain_downgrade)

    def stamp(self):
        purge = self.rng.random() < 0.2
        targets = [self.words.absolute() for _ in range(1 if self.rng.random() < 0.7 else 2)]
        theirs = self.oracle_outcome(self.oracle.stamp, sorted(self.heads), targets, purge)
        ours = self.planner.ask("\t".join(("stamp", ",".join(sorted(self.heads)), ", ".join(targets), str(int(purge)))))
        if ours.ok:
            removed, added = ours.value[0].split("|")
            ours = Outcome(True, self.heads - set(names(removed)) | set(names(added)))
        self.check("stamp", targets, theirs, ours, lambda *both: self.explain_stamp(targets, purge, *both))
        if ours.ok:
            self.heads = ours.value

    def history(self):
        base, head = self.words.range_end(), self.words.range_end()
        theirs = self.oracle_outcome(self.oracle.history, sorted(self.heads), base, head)
        ours = self.planner.ask("\t".join(("history", ",".join(sorted(self.heads)), base + ":" + head)))
        if ours.ok:
            ours = Outcome(True, list(names(ours.value[0])))
        self.check("history", base + ":" + head, theirs, ours, lambda *both: self.explain_history(base, head, *both))

    # Each of these knows a cause, not a symptom: it answers with a heading of README.md, or with None. Where our
    # answer is another one on purpose, it is worked out again from single, simple questions to Alembic.

    def explain_upgrade(self, target, theirs, ours):
        if ", " in target:
            return "unknown labels are refused" if not ours.ok and self.unknown_label(target.split(", ")) else None
        label, symbol, steps = parts(target)
        if theirs.ok and not ours.ok:
            if self.below_base(target):
                return "nothing lies below base"
            if label and not self.oracle_outcome(self.oracle.map._resolve_branch, label).ok:
                return "unknown labels are refused"
        return None

    def explain_downgrade(self, target, theirs, ours):
        label, symbol, steps = parts(target)
        if theirs.ok and not ours.ok:
            if self.below_base(target):
                return "nothing lies below base"
            if label and not self.oracle_outcome(self.oracle.map._resolve_branch, label).ok:
                return "unknown labels are refused"
        if label is None or steps is not None:
            return None
        reason = "label@ narrows what a downgrade's target means"
        found = self.oracle_outcome(self.oracle.map.get_revisions, target)
        if not found.ok or len(found.value) != 1:
            return None if ours.ok else reason
        narrowed = label + "@" + found.value[0].revision
        again = self.oracle_outcome(self.oracle.downgrade, sorted(self.heads), narrowed)
        return reason if again.ok == ours.ok and (not ours.ok or again == ours) else None

    def explain_stamp(self, targets, purge, theirs, ours):
        heads = frozenset() if purge else self.heads
        single = self.single_stamps(targets)
        if single is None:
            return "unknown labels are refused" if not ours.ok and self.unknown_label(targets) else None
        ends = {end.split("@")[-1] for end in single} - {"base"}
        if not ours.ok:
            return "targets must not overlap" if self.overlap(ends) else None
        expected = set(heads)
        for target in single:
            one = self.oracle_outcome(self.oracle.stamp, sorted(heads), [target], False)
            if not one.ok:
                return None
            expected -= heads - one.value
        expected |= ends
        return "each target replaces only its own rows" if ours.value == expected else None

    def single_stamps(self, targets):
        single = []
        for target in targets:
            found = self.oracle_outcome(self.oracle.map.get_revisions, target)
            if not found.ok or self.unknown_label([target]):
                return None
            label = target.split("@")[0] + "@" if "@" in target else ""
            single += [label + node.revision for node in found.value] or [label + "base"]
        return single

    def below_base(self, target):
        _, symbol, steps = parts(target)
        return symbol and (symbol == "base" or not self.revisions) and steps is not None and steps <= 0

    def unknown_label(self, targets):
        labels = [target.split("@")[0] for target in targets if "@" in target]
        return any(not self.oracle_outcome(self.oracle.map._resolve_branch, label).ok for label in labels)

    def overlap(self, ids):
        return bool(set(ids) & alembic_oracle.implied_by(self.oracle.map, ids))

    def explain_history(self, base, head, theirs, ours):
        label, symbol, steps = parts(base)
        if not ours.ok and self.unknown_label([base, head]):
            return "unknown labels are refused"
        if not ours.ok and any(self.below_base(end) for end in (base, head)):
            return "nothing lies below base"
        if symbol is None and steps is not None:
            if steps >= 0 or (parts(head)[1] is None and head):
                return None if ours.ok else "one end of a range is fixed"
            return self.explain_counted_down(label, steps, head, ours)
        if isinstance(theirs.value, AssertionError) and ours.ok:
            collected = self.oracle_outcome(self.oracle.collect_history, self.heads, base, head)
            if collected == Outcome(True, set(ours.value)):
                return "what a dependency alone leads to is listed"
        if steps is None and (label is None or label in self.words.labels):
            return None
        reason = "a range may begin at revision+N, on a branch named by any of its revisions"
        found = self.oracle_outcome(self.oracle.map._parse_upgrade_target, (), base, False)
        first = tuple(getattr(node, "revision", "base") for node in found.value) if found.ok else ("base",)
        ends = self.range_ends(head, first)
        if not found.ok or ends is None or "base" in first:
            return None if ours.ok else reason
        ends = tuple(end.revision for end in ends if label is None or self.carries(end, label))
        listed = self.oracle_outcome(self.oracle.collect_history, (), first, ends)
        if not listed.ok:
            return None if ours.ok else reason
        return reason if ours.ok and listed.value == set(ours.value) else None

    def explain_counted_down(self, label, steps, head, ours):
        """-N: is counted from each end of the range, not from the heads of all revisions."""
        ends = self.range_ends(head)
        if ends is None:
            return None if ours.ok else "-N: counts down from the end of the range"
        listed = set()
        for end in ends:
            if label and not self.carries(end, label):
                continue
            first = self.oracle_outcome(self.oracle.map._walk, end, steps, None, False)
            if not first.ok:
                return None if ours.ok else "-N: counts down from the end of the range"
            first = getattr(first.value, "revision", "base")
            part = self.oracle_outcome(self.oracle.collect_history, self.heads, first, end.revision)
            if not part.ok:
                return None
            listed |= set(part.value)
        return "-N: counts down from the end of the range" if ours.ok and listed == set(ours.value) else None

    def range_ends(self, head, base=None):
        target = tuple(self.heads) if head == "current" else head or "heads"
        found = self.oracle_outcome(self.oracle.map._parse_upgrade_target, base, target, False)
        return found.value if found.ok and all(hasattr(end, "revision") for end in found.value) else None

    def carries(self, end, label):
        if label in self.words.labels:
            return label in end.branch_labels
        found = self.oracle_outcome(self.oracle.map.filter_for_lineage, [end], label)
        return found.ok and found.value

    def fail(self, command, target, theirs, ours):
        print("seed", self.seed)
        for revision in self.revisions:
            print("  ", revision)
        print("heads   ", sorted(self.heads))
        print("command ", command, repr(target))
        print("alembic ", theirs if not isinstance(theirs, Outcome) or theirs.ok else repr(theirs.value))
        print("planner ", ours)
        sys.exit(1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("planner")
    parser.add_argument("--graphs", type=int, default=500)
    parser.add_argument("--commands", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    planner = Planner(args.planner)
    total = collections.Counter()
    for number in range(args.graphs):
        comparison = Comparison(planner, args.seed + number)
        comparison.run(args.commands)
        total.update(comparison.counts)
    print("%d graphs from seed %d, no unexplained difference" % (args.graphs, args.seed))
    for name, count in sorted(total.items()):
        print("%9d  %s" % (count, name))


if __name__ == "__main__":
    main()
