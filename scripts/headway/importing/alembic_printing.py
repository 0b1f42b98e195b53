"""The SQL of a function of an Alembic module: the module is run without a database, and what it would execute is written down.

Alembic's own --sql loses the values that a statement is executed with, doubles backslashes and turns tabs into spaces. So
its operations are kept, and the writing is done here. Imported where Alembic is installed only.
"""

from __future__ import annotations

import contextlib
import datetime
import decimal
import io
import traceback

import sqlalchemy
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import exc, schema, text, types
from sqlalchemy.engine.mock import MockConnection
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import Insert, Update
from sqlalchemy.sql.elements import TextClause

import sql_text


class Stopped(Exception):
    """What the function does cannot be written down, or not from here on."""

    def __init__(self, printed, line, reason):
        super().__init__(reason)
        self.printed, self.line, self.reason = printed, line, reason


class ReadsTheDatabase(Exception):
    """It wants to know what a statement has returned."""


class NoValue(Exception):
    """A value that cannot be written down."""


def printed(module, path, function):
    """The statements, a text each. Raises Stopped."""
    printer = _Printer()
    try:
        with Operations.context(printer.context), contextlib.redirect_stdout(io.StringIO()):
            getattr(module, function)()
    except (Exception, SystemExit) as error:  # whatever the user's module may raise
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
        raise Stopped(printer.texts(), lines[-1] if lines else 0, _reason(error)) from None
    return printer.texts()


def _reason(error):
    what = str(error).splitlines()[0] if str(error) else ''
    if isinstance(error, (ReadsTheDatabase, NoValue)):
        return what
    return f'{type(error).__name__}: {what}'


class _Printer:
    def __init__(self):
        self._texts = []
        # As Alembic's own env.py has it: a percent sign is one.
        self.context = MigrationContext.configure(dialect_name='postgresql', dialect_opts={'paramstyle': 'named'},
                                                  opts={'as_sql': True, 'literal_binds': True, 'output_buffer': io.StringIO()})
        self._dialect = self.context.dialect
        self._dialect._backslash_escapes = False
        self._dialect.statement_compiler = _with_all_values(self._dialect.statement_compiler)
        # autocommit_block(): here it is known from the statement.
        self.context.impl.emit_begin = self.context.impl.emit_commit = lambda: None
        self.context.impl._exec = self._execute
        self.context.connection = self.context.impl.connection = MockConnection(self._dialect, self._execute_for_rows)

    def texts(self):
        return [what for what in self._texts if what]

    def _execute_for_rows(self, construct, *multiparams, **params):
        """What a connection is asked for: the module may look at what comes back."""
        self._execute(construct, None, multiparams, params)
        return _Rows(self._texts, len(self._texts) - 1)

    def _execute(self, construct, execution_options=None, multiparams=(), params=None):
        construct = text(construct) if isinstance(construct, str) else construct
        rows = []
        for given in multiparams:
            rows += given if isinstance(given, (list, tuple)) else [given]
        rows += [params] if params else []
        for row in [dict(row) for row in rows if row] or [{}]:
            self._texts.append(self._compiled(construct, row))

    def _compiled(self, construct, values):
        if isinstance(construct, schema.DDLElement):
            return str(construct.compile(dialect=self._dialect)).strip()
        construct = _with_values(construct, values)
        return str(construct.compile(dialect=self._dialect, compile_kwargs={'literal_binds': True})).strip()


class _Rows:
    """What a statement would have returned. To look at it is an error, and to be looked at was what the statement was for."""

    def __init__(self, texts, place):
        self._texts, self._place = texts, place

    def _look(self, *_arguments):
        self._texts[self._place] = ''
        raise ReadsTheDatabase('it reads the database')

    def __getattr__(self, name):
        if name == 'close':
            return lambda: None
        return self._look()

    __iter__ = __bool__ = __len__ = __getitem__ = __next__ = _look


def _with_values(construct, values):
    """The statement with what it is executed with in the place of its parameters."""
    names = set()

    def fill(parameter):
        names.add(parameter.key)
        if parameter.key in values:
            parameter.value, parameter.required, parameter.callable = values[parameter.key], False, None
            if isinstance(parameter.type, types.NullType):
                parameter.type = sqlalchemy.literal(parameter.value).type
        elif parameter.required and parameter.value is None and parameter.callable is None:
            raise NoValue(f'parameter {parameter.key} has no value')

    if isinstance(construct, TextClause):
        names = set(construct._bindparams)
        given = {name: value for name, value in values.items() if name in names}
        construct = construct.bindparams(**given)
        for name, parameter in construct._bindparams.items():
            if parameter.required and name not in given:
                raise NoValue(f'parameter {name} has no value')
    else:
        construct = visitors.cloned_traverse(construct, {}, {'bindparam': fill})
    columns = {name: value for name, value in values.items() if name not in names}
    if columns and isinstance(construct, (Insert, Update)):
        construct = construct.values(columns)
    elif columns:
        raise NoValue(f'parameter {sorted(columns)[0]} is not in the statement')
    return construct


def _with_all_values(compiler):
    """A compiler that writes what SQLAlchemy leaves to the driver, too."""

    class Compiler(compiler):
        def render_literal_value(self, value, type_):
            # SQLAlchemy 2 makes seconds of its days.
            if isinstance(value, datetime.timedelta):
                return _literal(value, type_, self.dialect)
            try:
                return super().render_literal_value(value, type_)
            except (NotImplementedError, exc.CompileError):
                return _literal(value, type_, self.dialect)

    return Compiler


def _literal(value, type_, dialect):
    if value is None:
        return 'NULL'
    if isinstance(value, bool):
        return sql_text.literal(value)
    if isinstance(value, (int, float, decimal.Decimal)):
        return str(value)
    if isinstance(type_, types.JSON):
        return sql_text.literal(type_.dialect_impl(dialect).bind_processor(dialect)(value))
    return sql_text.literal(_plain(value))


def _plain(value):
    """As the type's input function reads it."""
    if isinstance(value, datetime.timedelta):
        return f'{value.days} days {value.seconds}.{value.microseconds:06} seconds'
    if isinstance(value, datetime.datetime):
        return value.isoformat(' ')
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return '\\x' + bytes(value).hex()
    if isinstance(value, (list, tuple)):
        return '{' + ','.join('NULL' if item is None else _plain(item) if isinstance(item, (list, tuple)) else _quoted(_plain(item))
                              for item in value) + '}'
    if isinstance(value, dict):
        raise NoValue(f'the value {value!r} has no known form')
    return str(value)


def _quoted(item):
    return '"' + item.replace('\\', '\\\\').replace('"', '\\"') + '"'
