"""pg_headway import: which layouts there are, and how a database that the other tool has run is taken over."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import Callable

import sql_text
from importing import alembic_folder, pairs, sections
from importing.step import assign_ids, link, place, write
from psql import Failed


@dataclass
class Format:
    """How the tool is read, and what it keeps in a database: queries of {table}."""
    read: Callable
    table: str
    applied: str | None = None  # the keys that it has applied, of a whole history or its last one
    last_only: bool = False
    broken: str | None = None  # the keys that it has begun and not completed


FORMATS = {
    'golang-migrate': Format(pairs.golang_migrate, 'schema_migrations', 'SELECT version::text FROM {table}', True,
                             'SELECT version::text FROM {table} WHERE dirty'),
    'diesel': Format(pairs.diesel, '__diesel_schema_migrations', 'SELECT version::text FROM {table}'),
    'sqlx': Format(pairs.sqlx, '_sqlx_migrations', 'SELECT version::text FROM {table} WHERE success',
                   broken='SELECT version::text FROM {table} WHERE NOT success'),
    'dbmate': Format(sections.dbmate, 'schema_migrations', 'SELECT version::text FROM {table}'),
    'goose': Format(sections.goose, 'goose_db_version', 'SELECT version_id::text FROM {table} v WHERE version_id > 0 AND is_applied'
                    ' AND NOT EXISTS (SELECT FROM {table} w WHERE w.version_id = v.version_id AND w.id > v.id)'),
    'sql-migrate': Format(sections.sql_migrate, 'gorp_migrations', 'SELECT id::text FROM {table}'),
    'flyway': Format(pairs.flyway, 'flyway_schema_history',
                     'SELECT version::text FROM {table} WHERE success AND version IS NOT NULL',
                     broken='SELECT version::text FROM {table} WHERE NOT success'),
    # A change that has been reworked is there once more.
    'sqitch': Format(pairs.sqitch, 'sqitch.changes', "SELECT change || CASE WHEN nth > 1 THEN '@' || nth ELSE '' END FROM "
                     '(SELECT change, row_number() OVER (PARTITION BY change ORDER BY committed_at) AS nth FROM {table}) c'),
    'alembic': Format(alembic_folder.alembic, 'alembic_version'),
}


def run(arguments):
    if not os.path.isdir(arguments.source):
        raise Failed(f'{arguments.source} is no folder', 'Name the folder that the other tool has its files in.', 2)
    if not arguments.to and not arguments.stamp:
        raise Failed('nowhere to write to', 'Give --to DIR, --stamp, or both.', 2)
    if arguments.to and os.path.realpath(arguments.to) == os.path.realpath(arguments.source):
        raise Failed(f'{arguments.to} is the folder of the other tool', 'Give --to a folder of its own.', 2)
    tool = FORMATS[arguments.format]
    table = arguments.table or tool.table
    if arguments.format == 'alembic' and not arguments.to:
        print(_adoption(table), end='')
        return 0
    notes = []
    steps = tool.read(arguments.source, notes)
    if not steps:
        below = [name for name in sorted(os.listdir(arguments.source)) if os.path.isdir(os.path.join(arguments.source, name))]
        raise Failed(f'{arguments.source} holds no files of {arguments.format}', '\n'.join(notes) or
                     (f'Name the folder itself: {", ".join(os.path.join(arguments.source, name) for name in below[:5])}?'
                      if below else 'Name the folder that holds them.'))
    changed = assign_ids(steps)
    if arguments.format != 'alembic':
        link(steps)
    if arguments.to:
        _write(arguments, steps, notes, changed)
    if arguments.stamp:
        print(_adoption(table) if arguments.format == 'alembic' else _take_over(arguments.format, tool, table, steps), end='')
    return 0


def _write(arguments, steps, notes, changed):
    paths = place(steps, arguments.to)
    one_way = [step.revision for step in steps if step.downgrade is None]
    if one_way:
        notes.append(f'there is no way back from {_some(one_way)}')
    _say(zip(steps, paths), notes, changed)
    written, kept = write(steps, paths, arguments.format, arguments.overwrite)
    for path in kept:
        print(f'kept: {path}: another text would be written; --overwrite writes it', file=sys.stderr)
    if arguments.json:
        print(json.dumps({'files': written, 'kept': kept, 'notes': notes, 'renamed': changed,
                          'look_at': {step.revision: step.look_at for step in steps if step.look_at}}, indent=2))
        return
    there = len(paths) - len(written)
    print(f'{len(written)} {"revision" if len(written) == 1 else "revisions"} in {arguments.to}'
          + (f', {there} there already' if there else ''), file=sys.stderr if arguments.stamp else sys.stdout)


def _some(names):
    return ', '.join(names[:5]) + (f' and {len(names) - 5} more' if len(names) > 5 else '')


def _say(placed, notes, changed):
    for note in notes:
        print(f'note: {note}', file=sys.stderr)
    if changed:
        what = '1 id is not as it was' if len(changed) == 1 else f'{len(changed)} ids are not as they were'
        print(f'note: {what}: {"; ".join(changed[:3])}{"; ..." if changed[3:] else ""}',
              file=sys.stderr)
    for step, path in placed:
        for what in step.look_at:
            print(f'look at: {path}: {what}', file=sys.stderr)


def _adoption(table):
    return f'SELECT migrate_adopt({sql_text.literal(table)});\n'


def _take_over(name, tool, table, steps):
    """A script for psql."""
    broken_steps = (tool.broken or '').format(table=table)
    # golang-migrate and its like count in numbers: 000001 is 1 in the table.
    keys = [str(int(step.key)) if step.key.isdigit() and name in ('golang-migrate', 'sqlx', 'goose') else step.key
            for step in steps]
    rows = ',\n    '.join(f'({number}, {sql_text.literal(key)}, {sql_text.literal(step.revision)})'
                          for number, (key, step) in enumerate(zip(keys, steps), 1))
    broken = '' if tool.broken is None else f'''
  SELECT string_agg(b.version, ', ') INTO unknown FROM ({broken_steps}) b (version);
  IF unknown IS NOT NULL THEN
    RAISE EXCEPTION '{name} has not completed these steps: %', unknown
      USING HINT = 'Let it complete or undo them first: what of them is in the database, nobody else knows.';
  END IF;'''
    complete = '' if tool.last_only else '''
  IF holes IS NOT NULL THEN
    RAISE EXCEPTION 'not all steps before % are applied: %', wanted, holes
      USING HINT = 'Let the other tool run what is missing first.';
  END IF;'''
    return f'''-- Takes over a database that {name} has run: after "pg_headway load", once, with psql.
DO $take_over$
DECLARE
  wanted text;
  unknown text;
  holes text;
  here text;
BEGIN
  IF to_regproc('migrate_stamp') IS NULL THEN
    RAISE EXCEPTION 'pg_headway is not in database %, or not in the search_path', current_database()
      USING HINT = 'CREATE EXTENSION pg_headway, and load the files; or put its schema into the search_path.';
  END IF;
  IF to_regclass({sql_text.literal(table)}) IS NULL THEN
    RAISE EXCEPTION 'there is no table {table.replace("'", "''").replace("%", "%%")} in database %', current_database()
      USING HINT = 'Has {name} run this database? Name its table with --table where it is another one.';
  END IF;{broken}
  CREATE TEMP TABLE headway_files (number int, key text, revision text) ON COMMIT DROP;
  INSERT INTO headway_files VALUES
    {rows};
  CREATE TEMP TABLE headway_applied ON COMMIT DROP AS {tool.applied.format(table=table)};
  SELECT string_agg(a.version, ', ') INTO unknown FROM headway_applied a (version)
  WHERE NOT EXISTS (SELECT FROM headway_files f WHERE f.key = a.version);
  IF unknown IS NOT NULL THEN
    RAISE EXCEPTION 'the database has steps that are in no file: %', unknown
      USING HINT = 'Import the folder that this database was made with, and load it first.';
  END IF;
  SELECT revision INTO wanted FROM headway_files f JOIN headway_applied a (version) ON f.key = a.version
  ORDER BY number DESC LIMIT 1;
  SELECT string_agg(f.revision, ', ' ORDER BY number) INTO holes FROM headway_files f
  WHERE number < (SELECT number FROM headway_files WHERE revision = wanted)
    AND NOT EXISTS (SELECT FROM headway_applied a (version) WHERE f.key = a.version);{complete}
  SELECT string_agg(revision, ', ') INTO here FROM migrate_current();
  IF here = wanted THEN
    RAISE NOTICE 'the database is at % already', wanted;
    RETURN;
  ELSIF here IS NOT NULL THEN
    RAISE EXCEPTION 'pg_headway is at %, and {name} says %', here, coalesce(wanted, 'base')
      USING HINT = 'It has been taken over before. If {name} has gone on since, migrate_stamp() says where the database is now.';
  END IF;
  PERFORM migrate_stamp(coalesce(wanted, 'base'));
  RAISE NOTICE 'the database is at %', coalesce(wanted, 'base');
END
$take_over$;
'''
