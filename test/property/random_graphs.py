"""Random revision graphs and targets, of the shapes that people make and of those that they should not."""
import random

HEX = "0123456789abcdef"


def _name(rng, taken):
    while True:
        kind = rng.random()
        if kind < 0.1 and taken:  # shares a prefix with another one
            stem = rng.choice(sorted(taken))
            name = stem[: rng.randint(1, len(stem))] + "".join(rng.choices(HEX, k=rng.randint(1, 4)))
        elif kind < 0.2:
            name = "".join(rng.choices(HEX, k=rng.randint(1, 3)))
        else:
            name = "".join(rng.choices(HEX, k=rng.choice((4, 6, 12))))
        if name not in taken:
            return name


def _parents(rng, older, bases):
    if not older or rng.random() < bases:
        return []
    recent = older[-rng.randint(1, 6):]
    wanted = 1 if rng.random() < 0.82 else rng.randint(2, 3)
    return list(dict.fromkeys(rng.choice(recent if rng.random() < 0.8 else older) for _ in range(wanted)))


def graph(rng):
    """A list of (id, parents, dependencies, labels), shuffled as often as not."""
    bases, dependent, labelled = rng.choice((0, 0.1, 0.2)), rng.choice((0, 0.1, 0.35)), rng.choice((0, 0.1, 0.3))
    taken, labels_so_far, revisions, ids = set(), {}, [], []
    for _ in range(rng.choice((0, 1, 3, 5, 8, 12, 20, 40))):
        name = _name(rng, taken)
        taken.add(name)
        parents = _parents(rng, ids, bases)
        dependencies = []
        if ids and rng.random() < dependent:
            choices = ids + sorted(labels_so_far)
            dependencies = list(dict.fromkeys(rng.choice(choices) for _ in range(rng.randint(1, 3))))
        labels = []
        if rng.random() < labelled:
            label = rng.choice(("br", "branch", "lab", "ab")) + str(len(labels_so_far))
            if label not in taken:
                labels.append(label)
                taken.add(label)
                labels_so_far[label] = name
        revisions.append((name, parents, dependencies, labels))
        ids.append(name)
    if rng.random() < 0.5:
        rng.shuffle(revisions)
    return revisions


class Words:
    def __init__(self, rng, revisions):
        self.rng = rng
        self.ids = [revision[0] for revision in revisions]
        self.labels = [label for revision in revisions for label in revision[3]]

    def revision(self):
        """A revision by its id; now and then by a label, by a prefix, or by a name that is nobody's."""
        kind = self.rng.random()
        if kind < 0.02 or not self.ids:
            return self.rng.choice(("nosuch", "9", "a", "b"))
        if kind < 0.08 and self.labels:
            return self.rng.choice(self.labels)
        name = self.rng.choice(self.ids)
        return name[: self.rng.randint(1, len(name))] if kind < 0.15 else name

    def branch(self):
        if self.labels and self.rng.random() < 0.75:
            return self.rng.choice(self.labels)
        return self.revision()

    def symbol(self):
        return self.rng.choice(("head", "heads", "base")) if self.rng.random() < 0.3 else self.revision()

    def steps(self):
        return self.rng.choice("+-") + str(self.rng.choice((0, 1, 1, 1, 2, 2, 3, 5, 9)))

    def absolute(self):
        return (self.branch() + "@" if self.rng.random() < 0.3 else "") + self.symbol()

    def relative(self):
        symbol = self.symbol() if self.rng.random() < 0.4 else ""
        return (self.branch() + "@" if self.rng.random() < 0.35 else "") + symbol + self.steps()

    def target(self):
        """Of any form, however unlikely to mean something."""
        return self.relative() if self.rng.random() < 0.4 else self.absolute()

    def likely_target(self, among):
        """What people write: mostly a revision out of `among`, or a step or two."""
        kind = self.rng.random()
        if not among or kind < 0.1:
            return self.rng.choice(("heads", "base"))
        name = self.rng.choice(sorted(among))
        if kind < 0.5:
            return name
        if kind < 0.7:
            return name + self.rng.choice(("+1", "-1", "+2", "-2"))
        return (self.rng.choice(sorted(among) + self.labels) + "@") + self.rng.choice(("head", "base", "+1", "-1", name))

    def range_end(self):
        kind = self.rng.random()
        if kind < 0.2:
            return ""
        if kind < 0.4:
            return "current"
        return self.steps() if kind < 0.55 else self.target()
