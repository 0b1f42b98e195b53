"""psql does the talking: every setting of libpq holds, from environment, service file, password file or connection URI."""

import os
import re
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass

MARK = '\x1e'  # begins a line of ours in what psql prints

_REPORT = re.compile(r'^(?:psql:(?P<file>.*?):(?P<line>\d+): )?(?P<word>[^\s:]+):  (?P<state>[0-9A-Z]{5}): (?P<message>.*)$')
_FIELD = re.compile(r'^(?P<name>[A-Z]+):  (?P<value>.*)$')
_EXCERPT = re.compile(r'^(LINE \d+: .*|\s*\^)$')


class Failed(Exception):
    """What stops the program: a message, and what to do."""

    def __init__(self, message, hint='', status=1):
        super().__init__(message)
        self.message, self.hint, self.status = message, hint, status


@dataclass
class Report:
    """An error, a warning or a notice of the server."""
    file: str
    line: int
    state: str
    message: str
    detail: str = ''
    hint: str = ''
    context: str = ''
    excerpt: str = ''

    @property
    def kind(self):
        return {'00': 'notice', '01': 'warning'}.get(self.state[:2], 'error')


def reports(text):
    """What psql has written to stderr, with VERBOSITY verbose. What is no report is printed as it is by the caller."""
    found, other, name = [], [], None
    for line in text.splitlines():
        match = _REPORT.match(line)
        if match:
            found.append(Report(match['file'] or '', int(match['line'] or 0), match['state'], match['message']))
            name = 'message'
            continue
        if not found:
            other.append(line)
            continue
        match = _FIELD.match(line)
        report = found[-1]
        if match:
            name = match['name'].lower()
            if name in ('detail', 'hint', 'context'):
                setattr(report, name, match['value'])
        elif _EXCERPT.match(line):
            report.excerpt += line + '\n'
            name = 'excerpt'
        elif name in ('message', 'detail', 'hint', 'context'):
            setattr(report, name, getattr(report, name) + '\n' + line)
    return found, other


class Psql:
    """How psql is called: its program and the options that say where to."""

    def __init__(self, program, options):
        self.names_database = bool(os.environ.get('PGDATABASE') or os.environ.get('PGSERVICE')
                                   or any(option.startswith('-d') for option in options))
        self._command = [program, '-X', '-q', '-v', 'VERBOSITY=verbose', *options]
        self._environment = dict(os.environ, LC_MESSAGES='C', PGCLIENTENCODING='UTF8')
        self._environment.pop('LANGUAGE', None)
        if self._environment.get('LC_ALL'):  # it would go before LC_MESSAGES
            self._environment['LC_CTYPE'] = self._environment.pop('LC_ALL')
        self._environment.setdefault('PGAPPNAME', 'pg_headway')

    def _start(self, options, **pipes):
        try:
            return subprocess.Popen(self._command + options, env=self._environment, **pipes)
        except FileNotFoundError:
            raise Failed(f'cannot find {self._command[0]}', 'Install psql, or name it with --psql.', 2) from None

    def ask(self, sql):
        """Rows of a query, each a list of texts."""
        process = self._start(['-At', '-F', '\x1f', '-R', '\x1e', '-v', 'ON_ERROR_STOP=1', '-c', sql],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate()
        if process.returncode:
            raise _failure(err.decode(errors='replace'), process.returncode)
        text = out.decode().rstrip('\n')
        return [row.split('\x1f') for row in text.split('\x1e')] if text else []

    def run(self, sql, table=None):
        """One statement whose notices and errors go to stderr as they come; returns what it prints, and its status.

        `table`: psql's options for a table; none: values alone. A cancel (Ctrl-C, SIGTERM) is psql's: it tells the server,
        which ends what it is doing.
        """
        form = ['-At'] if table is None else ['-P', 'pager=off', *table]
        with CancelIsPsqls() as cancel:
            process = self._start([*form, '-v', 'VERBOSITY=default', '-v', 'ON_ERROR_STOP=1', '-c', sql],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            cancel.process = process
            out, _ = process.communicate()
        return out.decode().rstrip('\n'), cancel.status or process.returncode

    def talk(self):
        errors = tempfile.TemporaryFile()
        process = self._start(['-At', '-v', 'ON_ERROR_ROLLBACK=on', '-f', '-'], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=errors)
        return Conversation(process, errors)


class CancelIsPsqls:
    """While it lasts, Ctrl-C reaches psql alone, and SIGTERM reaches it as one."""

    def __init__(self):
        self.process, self.status, self._before = None, 0, {}

    def __enter__(self):
        self._before = {number: signal.signal(number, self._pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _pass_on(self, number, _frame):
        self.status = 128 + number
        # The terminal has sent SIGINT to psql as well.
        if number == signal.SIGTERM and self.process:
            self.process.send_signal(signal.SIGINT)


class Conversation:
    """One session that is given one thing after the other, and whose errors do not end it."""

    def __init__(self, process, errors):
        self._process, self._errors = process, errors

    def say(self, text):
        try:
            self._process.stdin.write(text.encode() + b'\n')
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # what has happened is read from stderr

    def until(self, mark):
        """What it has printed until it echoes the mark: lists of lines, by the marks that were echoed on the way."""
        self.say(f'\\echo {MARK}{mark}')
        try:
            return self._listen(mark)
        except BaseException:
            self._stop()
            raise

    def _stop(self):
        """What the server is doing is cancelled, and psql does nothing more."""
        self._process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        self._process.terminate()

    def _listen(self, mark):
        said, current = {}, None
        for raw in self._process.stdout:
            line = raw.decode().rstrip('\n')
            if line == MARK + mark:
                return said
            if line.startswith(MARK):
                current = line[1:]
                said[current] = []
            elif current is not None:
                said[current].append(line)
        self._process.wait()
        raise _failure(self.errors(), self._process.returncode)

    def errors(self):
        self._errors.seek(0)
        return self._errors.read().decode(errors='replace')

    def end(self):
        self._process.stdin.close()
        self._process.stdout.read()
        return self._process.wait()


def _failure(text, status):
    found, other = reports(text)
    for report in found:
        if report.kind == 'error':
            return Failed(f'{report.message} ({report.state})' + (f'\n  {report.detail}' if report.detail else ''),
                          report.hint, 1)
    message = '\n'.join(line for line in other if line.strip()) or f'psql ended with status {status}'
    return Failed(re.sub(r'^psql: (error: )?', '', message), '', 2)


def quoted_path(path):
    """For psql's \\i."""
    return "'" + path.replace('\\', '\\\\').replace("'", "''") + "'"
