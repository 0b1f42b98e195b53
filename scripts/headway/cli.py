"""pg_headway: loads a folder of revision files into a database, and calls the functions of the extension.

Exit status: 0 done; 1 an error, or a check that has found something; 2 wrong usage, or no connection; 128 and more: it was
stopped by a signal.
"""

import argparse
import collections
import json
import os
import re
import signal
import sys

import folder
import sql_text
from importing import formats
from psql import Failed, Psql

_EPILOG = """Connection options are psql's, and so are its environment variables: PGHOST, PGDATABASE, PGSERVICE, PGPASSFILE, ...

  pg_headway load revisions/            register all files, in one transaction
  pg_headway load revisions/ --check    say how folder and database differ; 1 if they do
  pg_headway new "Add x" --to revisions/
  pg_headway plan; pg_headway up; pg_headway down -1; pg_headway status
  pg_headway check --format github      for a pipeline
"""


def _parser():
    parser = argparse.ArgumentParser(prog='pg_headway', add_help=False, description=__doc__.split('\n')[0], epilog=_EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--help', action='help', help='this text; also behind a command')
    parser.add_argument('--version', action='version', version='pg_headway ' + _version())
    _add_connection(parser, None)
    commands = parser.add_subparsers(dest='command', metavar='COMMAND', required=True)

    def add(name, help_text, run, aliases=(), **defaults):
        command = commands.add_parser(name, help=help_text, description=help_text[0].upper() + help_text[1:] + '.',
                                      add_help=False, aliases=aliases)
        command.add_argument('--help', action='help', help='this text')
        _add_connection(command, argparse.SUPPRESS)
        command.set_defaults(run=run, **defaults)
        command.add_argument('--json', action='store_true', help='the result as JSON on standard output')
        return command

    load = add('load', 'register the revisions of a folder', _load)
    load.add_argument('folder')
    load.add_argument('--check', action='store_true', help='change nothing; 1 if folder and database differ')
    load.add_argument('--prune', action='store_true', help='forget revisions whose file is gone, if they are not applied')
    up = add('up', 'upgrade to a target', _value, aliases=['upgrade'], sql='migrate_upgrade({target})', result='revisions_run',
             read=int)
    up.add_argument('target', nargs='?', default='head')
    down = add('down', 'downgrade to a target: -1, an id, base', _value, aliases=['downgrade'], sql='migrate_downgrade({target})',
               result='revisions_run', read=int)
    down.add_argument('target')
    stamp = add('stamp', 'say where the database is, and run nothing', _value, sql='migrate_stamp({target})',
                result='rows_changed', read=int)
    stamp.add_argument('target')
    add('status', 'one row: where the database is, what runs, what has failed', _rows,
        sql='SELECT * FROM headway.status', expanded=True)
    check = add('check', 'what is wrong before a deployment; 1 if something is', _check)
    check.add_argument('--reversible', action='store_true', help='a revision without a downgrade is a problem too')
    check.add_argument('--ignore', metavar='PROBLEM,...', help="kinds to leave out: 'not applied', 'several heads', ...")
    check.add_argument('--format', choices=('text', 'json', 'github'), default='text',
                       help='github: annotations of a workflow')
    check.add_argument('--folder', help='where the files are, for annotations')
    plan = add('plan', 'what an upgrade would run', _rows, sql='SELECT * FROM {s}.migrate_plan({target}, {direction})')
    plan.add_argument('target', nargs='?', default='head')
    plan.add_argument('--down', dest='direction', action='store_const', const='downgrade', default='upgrade')
    for name, help_text in (('current', 'the revisions that are applied last'), ('heads', 'the newest revisions'),
                            ('branches', 'where branches begin')):
        add(name, help_text, _rows, sql='SELECT * FROM {s}.migrate_%s()' % name)
    history = add('history', 'the revisions, newest first', _rows, sql='SELECT * FROM {s}.migrate_history({range})')
    history.add_argument('range', nargs='?')
    show = add('show', 'one revision', _rows, sql='SELECT * FROM {s}.migrate_show({revision})', expanded=True)
    show.add_argument('revision')
    graph = add('graph', 'the graph as a drawing', _value, sql='migrate_graph({format})', result='graph', read=str)
    graph.add_argument('--format', choices=('text', 'dot', 'mermaid'), default='text')
    sql = add('sql', 'a plan as a script for psql', _value, sql='migrate_sql({target}, {direction})', result='sql', read=str)
    sql.add_argument('target', nargs='?', default='head')
    sql.add_argument('--down', dest='direction', action='store_const', const='downgrade', default='upgrade')
    new = add('new', 'write the file of a new revision', _new)
    new.add_argument('message')
    new.add_argument('--to', default='revisions', metavar='DIR', help='the folder of the revision files (revisions)')
    new.add_argument('--head', default='head', help='what it follows')
    new.add_argument('--splice', action='store_true', help='begin a branch')
    new.add_argument('--branch-label')
    new.add_argument('--depends-on')
    new.add_argument('--rev-id')
    importing = add('import', 'write revision files from the files of another tool', formats.run)
    importing.add_argument('format', choices=sorted(formats.FORMATS))
    importing.add_argument('source', metavar='DIR')
    importing.add_argument('--to', metavar='DIR', help='the folder to write to')
    importing.add_argument('--overwrite', action='store_true', help='write over files that have been changed since')
    importing.add_argument('--stamp', action='store_true', help='say how to take over a database that the tool has run')
    importing.add_argument('--table', metavar='NAME', help="the tool's own table, where it has not its usual name")
    return parser


def _add_connection(parser, default):
    """Before a command or behind it."""
    connection = parser.add_argument_group('connection')
    connection.add_argument('-d', '--dbname', help='database, or a connection string or URI', default=default)
    connection.add_argument('-h', '--host', default=default)
    connection.add_argument('-p', '--port', default=default)
    connection.add_argument('-U', '--username', default=default)
    connection.add_argument('-w', '--no-password', action='store_true', default=default or False)
    connection.add_argument('--psql', default=default or 'psql', metavar='PROGRAM', help='the psql to call')


def _version():
    """Of the extension that it was built with."""
    try:
        from version import VERSION
    except ImportError:
        return '(not built)'
    return VERSION


def _psql(arguments):
    options = [option + value for option, value in (('-d', arguments.dbname), ('-h', arguments.host), ('-p', arguments.port),
                                                    ('-U', arguments.username)) if value]
    return Psql(arguments.psql, options + (['-w'] if arguments.no_password else []))


def _schema(psql):
    """Where the extension is, as an identifier."""
    rows = psql.ask('SELECT pg_catalog.quote_ident(nspname), pg_catalog.current_database(), CURRENT_USER,'
                    " (SELECT pg_catalog.has_schema_privilege(oid, 'USAGE') FROM pg_catalog.pg_namespace WHERE nspname = 'headway')"
                    ' FROM pg_catalog.pg_database d LEFT JOIN (pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = extnamespace)'
                    " ON extname = 'pg_headway' WHERE d.datname = pg_catalog.current_database()")
    if not rows[0][0]:
        unnamed = '' if psql.names_database else 'No database was named, by -d or PGDATABASE: is it that one? '
        raise Failed(f'pg_headway is not installed in database {rows[0][1]}',
                     f'{unnamed}Run CREATE EXTENSION pg_headway there, once, as a superuser.')
    if rows[0][3] != 't':
        raise Failed(f'role {rows[0][2]} may not use pg_headway in database {rows[0][1]}',
                     f'Whoever owns it gives it all it needs: SELECT {rows[0][0]}.migrate_grant({sql_text.literal(rows[0][2])}).')
    return rows[0][0]


def _filled(arguments, schema):
    """The SQL of a command, its arguments as constants."""
    values = {name: sql_text.literal(value) for name, value in vars(arguments).items()
              if value is None or isinstance(value, (str, bool))}
    return arguments.sql.format(s=schema, **values)


def _print_json(value):
    print(json.dumps(value, indent=2, ensure_ascii=False))


def _value(arguments):
    """One value: a count, or a text."""
    psql = _psql(arguments)
    schema = _schema(psql)
    out, status = psql.run(f'SELECT {schema}.{_filled(arguments, schema)}')
    if status:
        return _status(status)
    if arguments.json:
        _print_json({arguments.result: arguments.read(out)})
    elif out:
        print(out)
    return 0


def _rows(arguments):
    psql = _psql(arguments)
    sql = _filled(arguments, _schema(psql))
    one = getattr(arguments, 'expanded', False)
    if arguments.json:
        out, status = psql.run(f"SELECT coalesce(pg_catalog.json_agg(r), '[]') FROM ({sql}) r")
        if status == 0:
            rows = json.loads(out)
            _print_json(rows[0] if one and len(rows) == 1 else rows)
        return _status(status)
    out, status = psql.run(sql, ['-x'] if one else ['-P', 'footer=off'])
    if out:
        print(out)
    return _status(status)


def _status(status):
    """psql's: 1 its own failure, 2 no connection, 3 an error of the script."""
    return {0: 0, 2: 2}.get(status, status if status > 127 else 1)


# ---- load -----------------------------------------------------------------------------------------------------

def _load(arguments):
    psql = _psql(arguments)
    files = folder.read(arguments.folder)
    if not files:
        raise Failed(f'{arguments.folder} holds no revision files', 'Name the folder of the *.sql files; "pg_headway new" writes one.')
    _stop_at(folder.check(files))
    schema = _schema(psql)
    load = folder.Load(psql, schema, files)
    errors = load.errors()
    _print_problems(errors or load.problems)
    if errors:
        load.roll_back()
        raise Failed(f'nothing is loaded: {len(errors)} {"error" if len(errors) == 1 else "errors"} in {arguments.folder}')
    outcome = _outcome(load, files, schema)
    differs = any(outcome[kind] for kind in ('new', 'replaced', 'gone'))
    if arguments.check:
        load.roll_back()
    else:
        if arguments.prune:
            _prune(load, schema, outcome)
        load.commit()
        for error in load.errors():
            raise Failed(error.text())
    if arguments.json:
        _print_json(outcome)
    else:
        _print_outcome(outcome, arguments)
    return 1 if arguments.check and differs else 0


def _stop_at(problems):
    _print_problems(problems)
    if problems:
        raise Failed('nothing is loaded')


def _print_problems(problems):
    """What is wrong with many files alike is said of three of them."""
    seen = collections.Counter()
    for problem in problems:
        seen[problem.what()] += 1
        if seen[problem.what()] <= 3:
            print(problem.text(), file=sys.stderr)
    for (kind, message), count in seen.items():
        if count > 3:
            print(f'... and {count - 3} more: {kind}: {message}', file=sys.stderr)


def _outcome(load, files, schema):
    outcome = {'new': [], 'replaced': [], 'unchanged': 0, 'gone': []}
    for file in load.files:
        for revision, result in zip(file.ids(), file.results):
            if result == 'unchanged':
                outcome['unchanged'] += 1
            else:
                kind = 'new' if result == 'registered' else 'replaced'
                outcome[kind].append({'revision': revision, 'file': file.path})
    known = {revision for file in files for revision in file.ids()}
    rows = load.ask(f'SELECT revision FROM {schema}.migrate_history()')
    outcome['gone'] = [revision for revision in rows if revision not in known]
    applied = load.ask(f'SELECT revision FROM {schema}.migrate_history() WHERE applied')
    outcome['gone_applied'] = [revision for revision in outcome['gone'] if revision in applied]
    outcome['empty'] = [entry for entry in outcome['new'] if load.is_empty(entry['revision'])]
    return outcome


def _prune(load, schema, outcome):
    """Newest first, as migrate_history() has them."""
    for revision in outcome['gone']:
        load.ask(f'SELECT {schema}.migrate_forget({sql_text.literal(revision)})')
    errors = load.errors()
    _print_problems(errors)
    if errors:
        load.roll_back()
        raise Failed('nothing is loaded: a revision whose file is gone cannot be forgotten')
    outcome['forgotten'], outcome['gone'] = outcome['gone'], []


def _print_outcome(outcome, arguments):
    for kind in ('new', 'replaced'):
        for entry in outcome[kind]:
            print(f'{kind:<10} {entry["revision"]}  {entry["file"]}')
    for revision in outcome.get('forgotten', []):
        print(f'forgotten  {revision}')
    for revision in outcome['gone']:
        print(f'gone       {revision}  ' + ('APPLIED, and in no file' if revision in outcome['gone_applied']
                                            else 'registered, and in no file'))
    counts = [f'{len(outcome[kind])} {kind}' for kind in ('new', 'replaced')] + [f'{outcome["unchanged"]} unchanged']
    counts += [f'{len(outcome[kind])} {kind}' for kind in ('forgotten', 'gone') if outcome.get(kind)]
    print(f'{"would be: " if arguments.check else ""}{", ".join(counts)}')
    if outcome['gone_applied'] and outcome['new']:
        print('  hint: Is one that is new an applied one under another id? An id stays what it was when it was applied: put it back.',
              file=sys.stderr)
    for entry in outcome['empty']:
        print(f'{entry["file"]}: note: the upgrade of {entry["revision"]} does nothing, and cannot be changed once it is applied',
              file=sys.stderr)


# ---- check ----------------------------------------------------------------------------------------------------

def _check(arguments):
    psql = _psql(arguments)
    schema = _schema(psql)
    ignored = sql_text.literal(arguments.ignore)
    out, status = psql.run("SELECT coalesce(pg_catalog.json_agg(r), '[]') FROM "
                           f'{schema}.migrate_check(reversible => {sql_text.literal(arguments.reversible)}, '
                           f'ignore => {ignored}) r')
    if status:
        return _status(status)
    problems = json.loads(out)
    if arguments.json or arguments.format == 'json':
        _print_json(problems)
    elif arguments.format == 'github':
        places = _places(arguments.folder)
        for problem in problems:
            print(_annotation(problem, places))
    else:
        for problem in problems:
            print(': '.join(part for part in (problem['problem'], problem['revision'], problem['detail']) if part))
    return 1 if problems else 0


def _places(path):
    if not path:
        return {}
    return {call.arguments.get('revision'): (file.path, file.lines.at(call.start))
            for file in folder.read(path) for call in file.calls}


def _annotation(problem, places):
    """A workflow command, its special characters escaped as GitHub wants them."""
    def data(text):
        return text.replace('%', '%25').replace('\r', '%0D').replace('\n', '%0A')

    def prop(text):
        return data(text).replace(':', '%3A').replace(',', '%2C')

    place = places.get(problem['revision'])
    where = f' file={prop(place[0])},line={place[1]},' if place else ' '
    message = ': '.join(part for part in (problem['revision'], problem['detail']) if part) or problem['problem']
    return f'::error{where}title={prop(problem["problem"])}::{data(message)}'


# ---- new ------------------------------------------------------------------------------------------------------

def _new(arguments):
    """What is in the folder and not in the database yet counts: it is loaded, and the transaction rolled back."""
    psql = _psql(arguments)
    files = folder.read(arguments.to) if os.path.isdir(arguments.to) else []
    _stop_at(folder.check(files))
    schema = _schema(psql)
    load = folder.Load(psql, schema, files)
    values = ', '.join(f'{name} => {sql_text.literal(value)}' for name, value in (
        ('message', arguments.message), ('head', arguments.head), ('splice', arguments.splice),
        ('branch_label', arguments.branch_label), ('depends_on', arguments.depends_on), ('rev_id', arguments.rev_id)))
    text = '\n'.join(load.ask(f'SELECT {schema}.migrate_template({values})')) if not load.errors() else ''
    load.roll_back()
    errors = load.errors()
    if errors:
        raise Failed('\n'.join(problem.text() for problem in errors))
    revision = next(sql_text.calls(text)).arguments['revision']
    path = os.path.join(arguments.to, _file_name(revision, arguments.message))
    os.makedirs(arguments.to, exist_ok=True)
    with open(path, 'x', encoding='utf-8') as file:
        file.write(text + '\n')
    if arguments.json:
        _print_json({'revision': revision, 'file': path})
    else:
        print(path)
    return 0


def _file_name(revision, message):
    words = sql_text.slug(message)
    safe = re.sub(r'[^\w.-]+', '_', revision)
    return f'{safe}_{words}.sql' if words else f'{safe}.sql'


def _stop(number, _frame):
    sys.exit(128 + number)


def main(argv):
    # A target like -1 is no option.
    argv = [' ' + word if re.fullmatch(r'-\d+', word) else word for word in argv]
    arguments = _parser().parse_args(argv)
    for name, value in vars(arguments).items():
        if isinstance(value, str) and re.fullmatch(r' -\d+', value):
            setattr(arguments, name, value[1:])
    signal.signal(signal.SIGTERM, _stop)
    try:
        return arguments.run(arguments)
    except Failed as failure:
        print(f'pg_headway: {failure.message}', file=sys.stderr)
        if failure.hint:
            print(f'  hint: {failure.hint}', file=sys.stderr)
        return failure.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 141
