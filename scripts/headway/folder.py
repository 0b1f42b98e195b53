"""A folder of revision files, and what of it a database has."""

import difflib
import os
import re
from dataclasses import dataclass, field

import sql_text
from psql import MARK, Failed, quoted_path, reports

_NOT_WRITTEN = re.compile(r"RAISE EXCEPTION E?'not imported: ((?:[^']|'')*)'")
_PLACE = re.compile(r'^line (\d+) of the (upgrade|downgrade) of revision (.*)$', re.M)
_EXCERPT_LINE = re.compile(r'^LINE (\d+): ')
_RESULTS = ('registered', 'replaced', 'unchanged', 'vouched for')


@dataclass
class File:
    path: str
    text: str
    calls: list
    lines: sql_text.Lines
    results: list = field(default_factory=list)

    def ids(self):
        return [call.arguments['revision'] for call in self.calls if call.arguments.get('revision')]

    def needs(self):
        return {name for call in self.calls for name in call.names('down_revision') + call.names('depends_on')}

    def labels(self):
        return {name for call in self.calls for name in call.names('branch_labels')}


@dataclass
class Problem:
    path: str
    line: int
    kind: str
    message: str
    detail: str = ''
    hint: str = ''
    excerpt: str = ''

    def what(self):
        """Wherever it is."""
        return self.kind, self.message

    def text(self):
        place = f'{self.path}:{self.line}: ' if self.line else f'{self.path}: ' if self.path else ''
        parts = [f'{place}{self.kind}: {self.message}']
        parts += ['  ' + line for line in self.excerpt.rstrip('\n').split('\n') if self.excerpt]
        parts += [f'  {name}: {value}' for name, value in (('detail', self.detail), ('hint', self.hint)) if value]
        return '\n'.join(parts)


def read(folder):
    """All *.sql of a folder and the folders in it. Raises Failed."""
    if not os.path.isdir(folder):
        raise Failed(f'{folder} is no folder', 'Name the folder that holds the revision files.', 2)
    paths = sorted(os.path.join(base, name) for base, folders, names in os.walk(folder)
                   for name in names if name.endswith('.sql') and not name.startswith('.')
                   and not _is_hidden(os.path.relpath(base, folder)))
    return [read_file(path) for path in paths]


def _is_hidden(path):
    return any(part.startswith('.') and part != '.' for part in path.split(os.sep))


def text_of(path):
    try:
        with open(path, 'rb') as file:
            raw = file.read()
    except OSError as error:
        raise Failed(f'{path}: error: {error.strerror}', 'Correct or remove it.') from None
    try:
        return raw.decode('utf-8-sig')
    except UnicodeDecodeError as error:
        line = raw[:error.start].count(b'\n') + 1
        raise Failed(f'{path}:{line}: error: not UTF-8', 'Save the file as UTF-8.') from None


def read_file(path):
    if any(ord(character) < 32 for character in path) or '\udc80' <= max(path) <= '\udcff':
        raise Failed(f'{path!r}: error: a file name with a line end, or that is not UTF-8', 'Rename the file.')
    text = text_of(path)
    return File(path, text, list(sql_text.calls(text)), sql_text.Lines(text))


def check(files):
    """What can be said without a database."""
    problems, seen = [], {}
    for file in files:
        problems += _check_text(file)
        for call in file.calls:
            line, revision = file.lines.at(call.start), call.arguments.get('revision')
            if revision is None:
                problems.append(Problem(file.path, line, 'error', 'the id of this revision is no constant',
                                        hint='Write the id as a text: migrate_revision(\'abc123\', ...).'))
            elif call.unknown():
                problems.append(_unknown_argument(file.path, line, call.unknown()[0]))
            elif revision in seen:
                problems.append(Problem(file.path, line, 'error', f'revision {revision} is in {seen[revision]} as well',
                                        hint='Take one of them out, or give one another id.'))
            else:
                seen[revision] = file.path
    return problems


def _unknown_argument(path, line, name):
    near = difflib.get_close_matches(name, sql_text.ARGUMENTS, 1)
    return Problem(path, line, 'error', f'migrate_revision() has no argument "{name}"',
                   hint=f'Perhaps you meant "{near[0]}".' if near else 'Its arguments are ' + ', '.join(sql_text.ARGUMENTS) + '.')


def _check_text(file):
    problems = []
    for token in sql_text.tokens(file.text):
        if not token.closed:
            what = {'symbol': 'a comment', 'name': 'a quoted name'}.get(token.kind, 'a string')
            return [Problem(file.path, file.lines.at(token.start), 'error', f'{what} that begins here has no end',
                            hint='Close it, or correct its tag: $up$ ends with $up$.')]
        if token.kind == 'meta':
            problems.append(Problem(file.path, file.lines.at(token.start), 'error', f'a command of psql: {token.value.split()[0]}',
                                    'Only calls of migrate_revision() belong into a file of revisions.', 'Leave it out.'))
    if not file.calls:
        problems.append(Problem(file.path, 1, 'error', 'this file registers no revision',
                                hint='Is it another tool\'s? "pg_headway import" writes revision files from its folder.'))
        return problems
    calls = {call.start for call in file.calls}
    for statement in sql_text.statements(file.text):
        if not any(token.start in calls for token in statement):
            word = statement[0].value.upper() if statement[0].kind == 'name' else statement[0].value
            problems.append(Problem(file.path, file.lines.at(statement[0].start), 'error', f'{word} outside of a revision',
                                    'Only calls of migrate_revision() belong into a file of revisions: all files are '
                                    'loaded in one transaction, in an order of their own.',
                                    'Leave it out, or put it into an upgrade.'))
    return problems + _not_written(file)


def _not_written(file):
    """What an import could not write stands for a script that fails."""
    problems = []
    for call in file.calls:
        for argument in ('upgrade', 'downgrade'):
            match = _NOT_WRITTEN.search(call.arguments.get(argument) or '')
            if match:
                problems.append(Problem(file.path, file.lines.at(call.inside[argument] + match.start()), 'error',
                                        f'not written yet: {match[1]}', 'The import could not know its SQL.',
                                        'Write the SQL in place of the DO statement; NULL for a downgrade that there is not.'))
    return problems


def order(files):
    """So that parents and dependencies come first; otherwise by path. A circle is the database's to name."""
    owner = {revision: file for file in files for revision in file.ids()}
    names = sorted(owner)
    for file in files:
        for label in file.labels():
            owner.setdefault(label, file)
    placed, done = [], set()

    def find(name):
        if name in owner:
            return owner[name]
        return next((owner[full] for full in names if full.startswith(name)), None)

    for first in files:
        waiting = [(first, None)]
        while waiting:
            file, needed = waiting.pop()
            if id(file) in done and needed is None:
                continue
            if needed is None:
                done.add(id(file))
                needed = iter(sorted(file.needs()))
            for name in needed:
                other = find(name)
                if other is not None and id(other) not in done:
                    waiting += [(file, needed), (other, None)]
                    break
            else:
                placed.append(file)
    return placed


class Load:
    """All files in one transaction of one session, which `commit` keeps and `roll_back` undoes."""

    def __init__(self, psql, schema, files):
        """`schema`: the extension's, as an identifier."""
        self.files = order(files)
        self._by_path = {file.path: file for file in files}
        self._session = psql.talk()
        self._session.say('BEGIN;')
        # Files name the function without its schema.
        self._session.say("SELECT pg_catalog.set_config('search_path', pg_catalog.concat_ws(', ', nullif("
                          f"pg_catalog.current_setting('search_path'), ''), {sql_text.literal(schema)}), true)"
                          " WHERE pg_catalog.to_regproc('migrate_revision') IS NULL;")
        for number, file in enumerate(self.files):
            self._session.say(f'\\echo {_mark(f"file {number}")}\n\\i {quoted_path(file.path)}\n;')
        said = self._session.until('loaded')
        for number, file in enumerate(self.files):
            file.results = [line for line in said.get(f'file {number}', []) if line in _RESULTS]

    @property
    def problems(self):
        """What the server and psql have said so far."""
        found, other = reports(self._session.errors())
        return ([locate(report, self._by_path.get(report.file)) for report in found]
                + [Problem('', 0, 'error', line) for line in other if line.strip()])

    def errors(self):
        return [problem for problem in self.problems if problem.kind == 'error']

    def is_empty(self, revision):
        """Whether its upgrade has no statement; a merge needs none."""
        call = next(call for file in self.files for call in file.calls if call.arguments.get('revision') == revision)
        text = call.arguments.get('upgrade')
        return text is not None and len(call.names('down_revision')) < 2 and not list(sql_text.statements(text))

    def ask(self, sql):
        """The rows of a query in this transaction, one text each."""
        self._session.say(f'\\echo {_mark("answer")}\n{sql};')
        return self._session.until('answered')['answer']

    def commit(self):
        self._session.say('COMMIT;')
        self._session.until('committed')
        self._session.end()

    def roll_back(self):
        self._session.say('ROLLBACK;')
        self._session.end()


def _mark(name):
    return f"'{MARK}{name}'"


def locate(report, file):
    """A report of psql's with its place in the file: the line in a script, else the statement it is about."""
    problem = Problem(report.file, report.line, report.kind, report.message, report.detail, report.hint, report.excerpt)
    if file is None:
        problem.line = 0 if report.file in ('', '<stdin>') else report.line
        problem.path = '' if report.file == '<stdin>' else report.file
        return problem
    match = _PLACE.search(report.context)
    if match:
        for call in file.calls:
            if call.arguments.get('revision') == match[3] and match[2] in call.inside:
                problem.line = file.lines.at(call.inside[match[2]]) + int(match[1]) - 1
                return problem
    # psql tells the line in which a statement ends.
    for statement in sql_text.statements(file.text):
        if file.lines.at(statement[-1].end - 1) >= report.line:
            line = file.lines.at(statement[0].start)
            excerpt = _EXCERPT_LINE.match(report.excerpt)
            problem.line = line + int(excerpt[1]) - 1 if excerpt else line
            break
    return problem
