"""Tools with both directions in one file, parted by comments: goose, sql-migrate, dbmate."""

from __future__ import annotations

import os
import re

import sql_text
from folder import text_of
from importing.pairs import _files, _spaced
from importing.step import Step
from psql import Failed

_GOOSE = re.compile(r'^[ \t]*--[ \t]*\+goose[ \t]+(?P<words>[^\r\n]*)', re.I | re.M)
_SQL_MIGRATE = re.compile(r'^[ \t]*--[ \t]*\+migrate[ \t]+(?P<words>[^\r\n]*)', re.I | re.M)
_DBMATE = re.compile(r'^[ \t]*--[ \t]*migrate:(?P<words>[^\r\n]*)', re.I | re.M)


def _marks(text, pattern):
    """The comments of a tool that are comments: not those in strings."""
    strings = [(token.start, token.end) for token in sql_text.tokens(text) if token.kind == 'string']
    for match in pattern.finditer(text):
        if not any(start < match.start() < end for start, end in strings):
            yield match


def _split(text, pattern):
    """Scripts by direction, and the words behind the marks. Marks that part nothing are taken out."""
    scripts, words, way, at = {}, [], None, 0
    for match in _marks(text, pattern):
        word = match['words'].strip().lower()
        words.append(word)
        if way:
            scripts[way] += text[at:match.start()]
        if word.split()[:1] in (['up'], ['down']):
            way = word.split()[0]
            scripts.setdefault(way, '')
        at = match.end()
    if way:
        scripts[way] += text[at:]
    return scripts, words


def _steps(folder, notes, pattern, name_pattern, transactional):
    steps = []
    for name in _files(folder):
        if not name.endswith('.sql'):
            if name.endswith('.go'):
                notes.append(f'{name}: left out, it is a program; write its revision by hand')
            continue
        text = text_of(os.path.join(folder, name))
        scripts, words = _split(text, pattern)
        if 'up' not in scripts:
            notes.append(f'{name}: left out, it has no upgrade')
            continue
        match = name_pattern.match(name)
        steps.append(Step(match['version'] if match else name, _spaced(match['name'] if match else name[:-4]),
                          scripts['up'], scripts.get('down'), [name], transactional=transactional(words)))
        if match is None:
            steps[-1].revision = name[:-4]
    return steps


_NUMBERED = re.compile(r'^(?P<version>\d+)_(?P<name>.*)\.sql$')
_NAMED = re.compile(r'^(?P<version>.*)(?P<name>)\.sql$')


def goose(folder, notes):
    steps = _steps(folder, notes, _GOOSE, _NUMBERED,
                   lambda words: False if 'no transaction' in words else None)
    for step in steps:
        if not step.key.isdigit():
            raise Failed(f'{step.sources[0]}: a file of goose begins with a number')
    return sorted(steps, key=lambda step: int(step.key))


def dbmate(folder, notes):
    steps = _steps(folder, notes, _DBMATE, _NUMBERED,
                   lambda words: False if any('transaction:false' in word for word in words) else None)
    return sorted(steps, key=lambda step: step.key)


def sql_migrate(folder, notes):
    """Its table has the names of the files. Numbers in front are compared as numbers."""
    steps = _steps(folder, notes, _SQL_MIGRATE, _NAMED,
                   lambda words: False if any('notransaction' in word for word in words) else None)
    for step in steps:
        step.message, step.revision, step.key = _spaced(re.sub(r'^\d+[-_]', '', step.key)), step.key, step.sources[0]

    def order(step):
        number = re.match(r'^\d+', step.key)
        return (int(number[0]) if number else float('inf'), step.key)
    return sorted(steps, key=order)
