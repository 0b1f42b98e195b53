"""SQL as text: its tokens, its statements, and the calls of migrate_revision() in it.

Only as much of SQL as it takes to tell strings and comments from the rest, and to read the constants that such a call is
given. What a statement means is the server's business.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field

_SPACE = re.compile(r'[ \t\n\r\f\v\ufeff]+')
_LINE_COMMENT = re.compile(r'--[^\n\r]*')
_NAME = re.compile(r'[^\W\d][\w$]*')
_NUMBER = re.compile(r'\d[\w.]*')
_DOLLAR = re.compile(r'\$(?:[^\W\d]\w*)?\$')
_META = re.compile(r'\\[^\n\r]*')
_ESCAPE = re.compile(r'\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|.)', re.S)
_ESCAPED = {'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}


@dataclass
class Token:
    kind: str  # name, string, number, symbol, meta (a command of psql)
    start: int
    end: int
    value: str
    inside: int = 0  # of a string: where its text begins
    closed: bool = True


@dataclass
class Call:
    """A call of migrate_revision(); None is NULL, an argument that is no constant is not in `arguments`."""
    start: int
    arguments: dict = field(default_factory=dict)
    inside: dict = field(default_factory=dict)  # where the text of each string argument begins
    unreadable: set = field(default_factory=set)

    def unknown(self):
        """Arguments by names that there are not."""
        return sorted(name for name in (set(self.arguments) | self.unreadable) - set(ARGUMENTS) if not name.isdigit())

    def names(self, argument):
        return [name.strip() for name in (self.arguments.get(argument) or '').split(',') if name.strip()]


ARGUMENTS = ('revision', 'down_revision', 'message', 'upgrade', 'downgrade', 'branch_labels', 'depends_on',
             'transactional')


class Lines:
    """The line of an offset, from 1."""

    def __init__(self, text):
        self._starts = [0] + [match.end() for match in re.finditer(r'\r\n|\n|\r', text)]

    def at(self, offset):
        return bisect_right(self._starts, offset)


def _unescape(text):
    def one(match):
        what = match.group(1)
        if what[0] in 'xuU':
            return chr(int(what[1:], 16)) if len(what) > 1 else what
        if what[0] in '01234567':
            return chr(int(what, 8))
        return _ESCAPED.get(what, what)
    return _ESCAPE.sub(one, text)


def _block_comment(text, at):
    depth = 0
    while at < len(text):
        if text.startswith('/*', at):
            depth, at = depth + 1, at + 2
        elif text.startswith('*/', at):
            depth, at = depth - 1, at + 2
            if depth == 0:
                return at, True
        else:
            at += 1
    return at, False


def _quoted(text, at, quote, backslashes):
    """Behind the quote that closes what begins behind `at`."""
    while at < len(text):
        if backslashes and text[at] == '\\':
            at += 2
        elif text[at] == quote:
            if text[at + 1:at + 2] != quote:
                return at + 1, True
            at += 2
        else:
            at += 1
    return len(text), False


def tokens(text):
    at = 0
    while at < len(text):
        for skip in (_SPACE, _LINE_COMMENT):
            match = skip.match(text, at)
            if match:
                at = match.end()
                break
        else:
            if text.startswith('/*', at):
                end, closed = _block_comment(text, at)
                if not closed:
                    yield Token('symbol', at, end, '/*', closed=False)
                at = end
                continue
            token = _token(text, at)
            yield token
            at = token.end


def _token(text, at):
    prefix = 0
    match = re.compile(r"([eEbBxXnN]|[uU]&)(?=')").match(text, at)
    if match:
        prefix = match.end() - at
    if text[at + prefix:at + prefix + 1] == "'":
        escapes = text[at:at + 1] in 'eE'
        inside = at + prefix + 1
        end, closed = _quoted(text, inside, "'", escapes)
        value = text[inside:end - 1 if closed else end].replace("''", "'")
        return Token('string', at, end, _unescape(value) if escapes else value, inside, closed)
    if text[at] == '"':
        end, closed = _quoted(text, at + 1, '"', False)
        return Token('name', at, end, text[at + 1:end - 1].replace('""', '"'), closed=closed)
    match = _DOLLAR.match(text, at)
    if match:
        inside = match.end()
        end = text.find(match.group(), inside)
        closed = end >= 0
        end = end if closed else len(text)
        return Token('string', at, end + len(match.group()) if closed else end, text[inside:end], inside, closed)
    match = _NAME.match(text, at)
    if match:
        return Token('name', at, match.end(), match.group().lower())
    match = _NUMBER.match(text, at)
    if match:
        return Token('number', at, match.end(), match.group())
    match = _META.match(text, at)
    if match:
        return Token('meta', at, match.end(), match.group())
    for symbol in ('=>', ':='):
        if text.startswith(symbol, at):
            return Token('symbol', at, at + 2, symbol)
    return Token('symbol', at, at + 1, text[at])


def statements(text):
    """Each as its list of tokens, as psql would cut them: at a semicolon outside of parentheses and BEGIN ATOMIC."""
    current, depth, bodies = [], 0, 0
    for token in tokens(text):
        if token.kind == 'meta':
            continue
        if token.kind == 'symbol' and token.value in '()':
            depth += 1 if token.value == '(' else -1
        if token.kind == 'name' and bodies and token.value in ('begin', 'case'):
            bodies += 1
        if token.kind == 'name' and token.value == 'atomic' and current and current[-1].value == 'begin':
            bodies += 1
        if token.kind == 'name' and token.value == 'end' and bodies:
            bodies -= 1
        if token.kind == 'symbol' and token.value == ';' and depth <= 0 and not bodies:
            if current:
                yield current + [token]
            current, depth = [], 0
            continue
        current.append(token)
    if current:
        yield current


def calls(text):
    """The calls of migrate_revision(), in order."""
    found = list(tokens(text))
    for at, token in enumerate(found[:-1]):
        if token.kind == 'name' and token.value == 'migrate_revision' and found[at + 1].value == '(':
            yield _call(found, at)


def _call(found, at):
    call = Call(found[at].start)
    position, depth, argument = 0, 0, []
    for token in found[at + 1:]:
        if token.kind == 'symbol' and token.value in '([':
            depth += 1
            if depth == 1:
                continue
        if token.kind == 'symbol' and token.value in ')]':
            depth -= 1
        ends = depth == 0 or (depth == 1 and token.kind == 'symbol' and token.value == ',')
        if not ends:
            argument.append(token)
            continue
        if argument:
            _take(call, argument, position)
        position, argument = position + 1, []
        if depth == 0:
            break
    return call


def _take(call, argument, position):
    if len(argument) > 1 and argument[1].value in ('=>', ':='):
        name, argument = argument[0].value, argument[2:]
    else:
        name = ARGUMENTS[position] if position < len(ARGUMENTS) else str(position)
    if len(argument) == 1 and argument[0].kind == 'string':
        call.arguments[name] = argument[0].value
        call.inside[name] = argument[0].inside
    elif len(argument) == 1 and argument[0].value == 'null':
        call.arguments[name] = None
    elif len(argument) == 1 and argument[0].value in ('true', 'false'):
        call.arguments[name] = argument[0].value == 'true'
    else:
        call.unreadable.add(name)


def literal(value):
    """A constant for any server, whatever standard_conforming_strings says there."""
    if value is None:
        return 'NULL'
    if isinstance(value, bool):
        return 'true' if value else 'false'
    escape = 'E' if '\\' in value else ''
    return escape + "'" + value.replace('\\', '\\\\').replace("'", "''") + "'"


def slug(message):
    """The first line of a message as a part of a file's name."""
    return re.sub(r'[^a-z0-9]+', '_', message.split('\n')[0].lower()).strip('_')[:40].strip('_')


def dollar_quoted(text, tag):
    """$tag$...$tag$, with another tag where the text holds that one."""
    word = tag
    number = 1
    while '$' + word + '$' in text + '$':
        number += 1
        word = f'{tag}{number}'
    return f'${word}${text}${word}$'
