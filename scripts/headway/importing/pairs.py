"""Tools with a file, or a folder, for each direction: golang-migrate, diesel, sqlx, Flyway, sqitch."""

from __future__ import annotations

import os
import re

from folder import text_of
from importing.step import Step
from psql import Failed


def _spaced(name):
    return name.replace('_', ' ').strip()


def _files(folder):
    names = sorted(name for name in os.listdir(folder) if os.path.isfile(os.path.join(folder, name)))
    for name in names:
        if not name.isprintable():
            raise Failed(f'{name!r} is no name that can be written down', 'Rename the file.')
    return names


_GOLANG = re.compile(r'^(?P<version>\d+)_(?P<name>.*?)(?P<tx>\.tx)?\.(?P<way>up|down)\.sql$')


def golang_migrate(folder, notes):
    return _by_version(folder, _GOLANG, notes)


def _by_version(folder, pattern, notes):
    """N_name.up.sql and N_name.down.sql, in the order of the numbers."""
    found = {}
    for name in _files(folder):
        match = pattern.match(name)
        if not match:
            if name.endswith('.sql'):
                notes.append(f'{name}: left out, its name is none of this tool\'s')
            continue
        ways, way = found.setdefault(int(match['version']), {}), match['way'] or 'up'
        if way in ways:
            raise Failed(f'{ways[way][0]} and {name} are the same step', 'One of them would be lost: give it another version.')
        ways[way] = (name, match)
    steps = []
    for version in sorted(found):
        ways = found[version]
        if 'up' not in ways:
            notes.append(f'{ways["down"][0]}: left out, it has no upgrade')
            continue
        name, match = ways['up']
        upgrade, transactional = _without_transaction(text_of(os.path.join(folder, name)))
        downgrade = None
        if 'down' in ways:
            downgrade, alone = _without_transaction(text_of(os.path.join(folder, ways['down'][0])))
            transactional = False if alone is False else transactional
        if match.groupdict().get('tx'):
            transactional = True
        steps.append(Step(match['version'], _spaced(match['name']), upgrade, downgrade, [way[0] for way in ways.values()][::-1]
                          if 'down' in ways else [name], transactional=transactional))
    return steps


def _without_transaction(text):
    """sqlx: a first line that says so."""
    return text, False if re.match(r'^\s*--\s*no-transaction\b', text) else None


_FOLDER = re.compile(r'^(?P<version>\d[\d\-]*)_(?P<name>.*)$')


def diesel(folder, notes):
    """NAME/up.sql and down.sql; diesel's own table has the version without hyphens."""
    steps = []
    for name in sorted(os.listdir(folder)):
        base = os.path.join(folder, name)
        if not os.path.isfile(os.path.join(base, 'up.sql')):
            if os.path.isdir(base):
                notes.append(f'{name}: left out, it has no up.sql')
            continue
        match = _FOLDER.match(name)
        version = (match['version'] if match else name).replace('-', '')
        down = os.path.join(base, 'down.sql')
        transactional = None
        metadata = os.path.join(base, 'metadata.toml')
        if os.path.exists(metadata) and re.search(r'^\s*run_in_transaction\s*=\s*false', text_of(metadata), re.M):
            transactional = False
        upgrade, alone = _without_transaction(text_of(os.path.join(base, 'up.sql')))
        steps.append(Step(version, _spaced(match['name'] if match else name), upgrade,
                          text_of(down) if os.path.exists(down) else None,
                          [f'{name}/up.sql'] + ([f'{name}/down.sql'] if os.path.exists(down) else []),
                          transactional=False if alone is False else transactional))
    return steps


_SQLX = re.compile(r'^(?P<version>\d+)_(?P<name>.*?)(?:\.(?P<way>up|down))?\.sql$')


def sqlx(folder, notes):
    if any(os.path.isfile(os.path.join(folder, name, 'up.sql')) for name in os.listdir(folder)):
        return diesel(folder, notes)
    return _by_version(folder, _SQLX, notes)


_FLYWAY = re.compile(r'^(?P<kind>[VU])(?P<version>\d[\d._]*)__(?P<name>.*)\.sql$')


def flyway(folder, notes):
    found, undo = {}, {}
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.relpath(os.path.join(base, name), folder)
            match = _FLYWAY.match(name)
            if match:
                (found if match['kind'] == 'V' else undo)[match['version'].replace('_', '.')] = (path, match['name'])
            elif re.match(r'^R__.*\.sql$', name):
                notes.append(f'{path}: left out. A repeatable script has no place in a graph: load it yourself after each run')
            elif name.endswith('.sql'):
                notes.append(f'{path}: left out, its name is none of Flyway\'s')
    steps = []
    for version in sorted(found, key=lambda text: [int(part) for part in text.split('.') if part]):
        path, name = found[version]
        sources = [path] + ([undo[version][0]] if version in undo else [])
        upgrade = text_of(os.path.join(folder, path))
        step = Step(version, _spaced(name), upgrade,
                    text_of(os.path.join(folder, undo[version][0])) if version in undo else None, sources)
        settings = os.path.join(folder, path + '.conf')
        if os.path.exists(settings) and re.search(r'executeInTransaction\s*=\s*false', text_of(settings), re.I):
            step.transactional = False
        steps.append(step)
    return steps


def sqitch(folder, notes):
    plan = os.path.join(folder, 'sqitch.plan')
    if not os.path.exists(plan):
        raise Failed(f'{folder} has no sqitch.plan', 'Name the folder that holds it.', 2)
    changes = _sqitch_changes(text_of(plan), notes)
    steps = []
    for number, change in enumerate(changes):
        later = [other for other in changes[number + 1:] if other['name'] == change['name']]
        # The scripts of a change that is reworked later carry the first tag behind it.
        step = _sqitch_step(folder, change, f'@{change["tag"]}' if later else '')
        earlier = sum(other['name'] == change['name'] for other in changes[:number])
        if earlier:
            step.revision, step.key = f'{change["name"]}_{earlier + 1}', f'{change["name"]}@{earlier + 1}'
        step.look_at += [f'it conflicts with {word[1:]}: nothing checks that here' for word in change['needs']
                         if word.startswith('!')]
        steps.append(step)
    return steps


def _sqitch_changes(text, notes):
    changes = []
    for line in text.split('\n'):
        line = line.strip()
        if not line or line[0] in '%#':
            continue
        if line[0] == '@':
            tag = line[1:].split()[0]
            notes.append(f'@{tag}: a tag; here any revision is a target by its id')
            for change in changes:
                change['tag'] = change['tag'] or tag
            continue
        words, _, note = line.partition('#')
        needs = re.search(r'\[([^\]]*)\]', words)
        name = words.split()[0].lstrip('+')
        changes.append({'name': name, 'note': note.strip() or _spaced(name), 'tag': None,
                        'needs': needs[1].split() if needs else []})
    return changes


def _sqitch_step(folder, change, suffix):
    scripts = {}
    for kind in ('deploy', 'revert', 'verify'):
        path = os.path.join(folder, kind, *(change['name'] + suffix).split('/')) + '.sql'
        scripts[kind] = (os.path.relpath(path, folder), text_of(path)) if os.path.exists(path) else None
    if not scripts['deploy']:
        raise Failed(f'{folder} has no deploy/{change["name"]}{suffix}.sql', 'sqitch.plan names it.')
    step = Step(change['name'], change['note'], scripts['deploy'][1], scripts['revert'][1] if scripts['revert'] else None,
                [scripts[kind][0] for kind in ('deploy', 'revert') if scripts[kind]])
    if scripts['verify']:
        step.look_at.append(f'{scripts["verify"][0]} is not part of it: put what it asserts at the end of the upgrade, '
                            'or into a test')
    return step
