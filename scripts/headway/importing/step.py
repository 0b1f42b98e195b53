"""What an importer has read, and the revision file that is made of it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

import folder as revision_folder
import sql_text


@dataclass
class Step:
    """A revision of another tool's. A `downgrade` of None: there is no way back."""
    key: str  # as the tool's own version table has it
    message: str
    upgrade: str
    downgrade: str | None
    sources: list  # files, as the user knows them
    revision: str = ''  # its id here; else made of the key
    parents: list | None = None  # None: the step before
    labels: list = field(default_factory=list)
    depends_on: list = field(default_factory=list)
    transactional: bool | None = None  # None: as its statements need it
    look_at: list = field(default_factory=list)  # what a person must look at


def legal_id(key):
    """Without what has a meaning in targets, as migrate_revision() wants it."""
    word = re.sub(r'[@\-+:,\s]+', '_', key).strip('_') or 'r'
    return word + '_' if word in ('head', 'heads', 'base', 'current') else word


def assign_ids(steps):
    """Returns what has been changed, a line each."""
    changed, taken = [], set()
    for step in steps:
        step.revision = legal_id(step.revision or step.key)
        number = 1
        while step.revision in taken:
            number += 1
            step.revision = f'{legal_id(step.key)}_{number}'
        taken.add(step.revision)
        if step.revision != step.key:
            changed.append(f'{step.key} is {step.revision} here')
    return changed


def link(steps):
    """One behind the other, where the tool knows no graph."""
    for before, step in zip([None, *steps], steps):
        if step.parents is None:
            step.parents = [before.revision] if before else []


def refuse_to_run(what):
    """A script that fails instead of doing nothing, until somebody has written it."""
    return f"DO $$ BEGIN RAISE EXCEPTION {sql_text.literal('not imported: ' + what)}; END $$;"


def render(step, tool):
    first, _, rest = step.message.strip().partition('\n')
    lines = [f'-- {line}'.rstrip() for line in (first, *rest.strip().split('\n')) if line or rest.strip()]
    lines += ['--', f'-- Imported from {", ".join(step.sources)} ({tool}).']
    lines += [f'-- Look at this: {what}' for what in step.look_at]
    arguments = [('revision', sql_text.literal(step.revision)),
                 ('down_revision', sql_text.literal(', '.join(step.parents) or None))]
    if step.labels:
        arguments.append(('branch_labels', sql_text.literal(', '.join(step.labels))))
    if step.depends_on:
        arguments.append(('depends_on', sql_text.literal(', '.join(step.depends_on))))
    arguments.append(('message', sql_text.literal(step.message.strip())))
    arguments.append(('upgrade', _script(step.upgrade, 'up')))
    arguments.append(('downgrade', _script(step.downgrade, 'down')))
    if step.transactional is not None:
        arguments.append(('transactional', sql_text.literal(step.transactional)))
    width = max(len(name) for name, _ in arguments)
    call = ',\n'.join(f'  {name:<{width}} => {value}' for name, value in arguments)
    return '\n'.join(lines) + f'\nSELECT migrate_revision(\n{call});\n'


CONTROL = ('begin', 'start', 'commit', 'end', 'rollback', 'abort', 'savepoint', 'release')


def _without_begin_and_commit(text):
    """Around all of it: what they ask for is what a revision has anyway."""
    statements = list(sql_text.statements(text))
    words = [' '.join(token.value for token in statement if token.value != ';') for statement in statements]
    controls = [word for word in words if word.split()[:1] and word.split()[0] in CONTROL]
    if len(statements) < 2 or len(controls) != 2 or words[0] not in ('begin', 'begin transaction', 'start transaction'):
        return text
    if words[-1] not in ('commit', 'commit transaction', 'end'):
        return text
    first, last = statements[0], statements[-1]
    return text[:first[0].start] + text[first[-1].end:last[0].start] + text[last[-1].end:]


def _script(text, tag):
    if text is None:
        return 'NULL'
    text = _without_begin_and_commit(text)
    if not text.strip():
        return "''"
    text = text.replace('\r\n', '\n').removeprefix('\ufeff').strip('\n')
    return sql_text.dollar_quoted(f'\n{text}\n', tag)


def _file_name(step, sortable):
    words = sql_text.slug(step.message.strip())
    name = re.sub(r'[^\w.]+', '_', step.revision)
    stem = sortable + ('_' + words if words and not name.lower().endswith(words) else '')
    return stem + '.sql'


def _sortable(steps):
    """The beginning of each file's name: the id, with what makes the names sort in the order of the steps."""
    names = [re.sub(r'[^\w.]+', '_', step.revision) for step in steps]
    if names == sorted(names):
        return names
    if all(name.isdigit() for name in names):
        width = max(len(name) for name in names)
        return [name.zfill(width) for name in names]
    width = len(str(len(names)))
    return [f'{str(number).zfill(width)}_{name}' for number, name in enumerate(names, 1)]


def place(steps, folder):
    """The path of each step: of the file that has its revision already, or of a new one."""
    there = {}
    if os.path.isdir(folder):
        there = {revision: file.path for file in revision_folder.read(folder) for revision in file.ids()}
    return [there.get(step.revision) or os.path.join(folder, _file_name(step, sortable))
            for step, sortable in zip(steps, _sortable(steps))]


def write(steps, paths, tool, overwrite):
    """Returns the paths that are written and those that are kept, since there is something else in them."""
    written, kept = [], []
    for path, step in zip(paths, steps):
        text = render(step, tool)
        os.makedirs(os.path.dirname(path) or '.', exist_ok=True)
        if os.path.exists(path) and not overwrite:
            if revision_folder.text_of(path) != text:
                kept.append(path)
            continue
        with open(path, 'w', encoding='utf-8', newline='\n') as file:
            file.write(text)
        written.append(path)
    return written, kept
