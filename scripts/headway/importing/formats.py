"""pg_headway import: which layouts there are, and how a database that the other tool has run is taken over."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import Callable

import sql_text
from importing import alembic_folder, pairs, sections
from importing.step import assign_ids, link, write
from psql import Failed


@dataclass
class Format:
    read: Callable
    applied: str | None = None  # a query of the keys that the tool has applied, of a whole history or its last one
    last_only: bool = False
    broken: str | None = None  # a query of the keys that it has begun and not completed


FORMATS = {
    'golang-migrate': Format(pairs.golang_migrate, 'SELECT version::text FROM schema_migrations', True,
                             'SELECT version::text FROM schema_migrations WHERE dirty'),
    'diesel': Format(pairs.diesel, 'SELECT version::text FROM __diesel_schema_migrations'),
    'sqlx': Format(pairs.sqlx, 'SELECT version::text FROM _sqlx_migrations WHERE success',
                   broken='SELECT version::text FROM _sqlx_migrations WHERE NOT success'),
    'dbmate': Format(sections.dbmate, 'SELECT version::text FROM schema_migrations'),
    'goose': Format(sections.goose, 'SELECT version_id::text FROM goose_db_version v WHERE version_id > 0 AND is_applied'
                    ' AND NOT EXISTS (SELECT FROM goose_db_version w WHERE w.version_id = v.version_id AND w.id > v.id)'),
    'sql-migrate': Format(sections.sql_migrate, 'SELECT id::text FROM gorp_migrations'),
    'flyway': Format(pairs.flyway, 'SELECT version::text FROM flyway_schema_history WHERE success AND version IS NOT NULL',
                     broken='SELECT version::text FROM flyway_schema_history WHERE NOT success'),
    # A change that has been reworked is there once more.
    'sqitch': Format(pairs.sqitch, "SELECT change || CASE WHEN nth > 1 THEN '@' || nth ELSE '' END FROM (SELECT change, "
                     'row_number() OVER (PARTITION BY change ORDER BY committed_at) AS nth FROM sqitch.changes) c'),
    'alembic': Format(alembic_folder.alembic),
}


def run(arguments):
    if not os.path.isdir(arguments.source):
        raise Failed(f'{arguments.source} is no folder', 'Name the folder that the other tool has its files in.', 2)
    if not arguments.to and not arguments.stamp:
        raise Failed('nowhere to write to', 'Give --to DIR, --stamp, or both.', 2)
    tool = FORMATS[arguments.format]
    notes = []
    try:
        steps = tool.read(arguments.source, notes)
    except UnicodeDecodeError as error:
        raise Failed(f'a file in {arguments.source} is not UTF-8: {error}', 'Save it as UTF-8.') from None
    if not steps:
        below = [name for name in sorted(os.listdir(arguments.source)) if os.path.isdir(os.path.join(arguments.source, name))]
        raise Failed(f'{arguments.source} holds no files of {arguments.format}', '\n'.join(notes) or
                     (f'Name the folder itself: {", ".join(os.path.join(arguments.source, name) for name in below[:5])}?'
                      if below else 'Name the folder that holds them.'))
    changed = assign_ids(steps)
    if arguments.format != 'alembic':
        link(steps)
    _say(steps, notes, changed)
    paths = []
    if arguments.to:
        try:
            paths = write(steps, arguments.format, arguments.to)
        except FileExistsError as error:
            raise Failed(f'{error} is there already', 'Import into a folder of its own.') from None
    if arguments.json:
        print(json.dumps({'files': paths, 'notes': notes, 'renamed': changed,
                          'look_at': {step.revision: step.look_at for step in steps if step.look_at}}, indent=2))
    elif arguments.to:
        print(f'{len(paths)} {"revision" if len(paths) == 1 else "revisions"} in {arguments.to}', file=sys.stderr if arguments.stamp else sys.stdout)
    if arguments.stamp:
        print(_take_over(arguments.format, tool, steps), end='')
    return 0


def _say(steps, notes, changed):
    for note in notes:
        print(f'note: {note}', file=sys.stderr)
    if changed:
        what = '1 id is not as it was' if len(changed) == 1 else f'{len(changed)} ids are not as they were'
        print(f'note: {what}: {"; ".join(changed[:3])}{"; ..." if changed[3:] else ""}',
              file=sys.stderr)
    for step in steps:
        for what in step.look_at:
            print(f'look at: {step.revision}: {what}', file=sys.stderr)


def _take_over(name, tool, steps):
    """A script for psql."""
    if name == 'alembic':
        return "SELECT migrate_adopt('alembic_version');\n"
    # golang-migrate and its like count in numbers: 000001 is 1 in the table.
    keys = [str(int(step.key)) if step.key.isdigit() and name in ('golang-migrate', 'sqlx', 'goose') else step.key
            for step in steps]
    rows = ',\n    '.join(f'({number}, {sql_text.literal(key)}, {sql_text.literal(step.revision)})'
                          for number, (key, step) in enumerate(zip(keys, steps), 1))
    broken = '' if tool.broken is None else f'''
  SELECT string_agg(b.version, ', ') INTO unknown FROM ({tool.broken}) b (version);
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
BEGIN{broken}
  CREATE TEMP TABLE headway_files (number int, key text, revision text) ON COMMIT DROP;
  INSERT INTO headway_files VALUES
    {rows};
  CREATE TEMP TABLE headway_applied ON COMMIT DROP AS {tool.applied};
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
  IF wanted IS NOT NULL THEN
    PERFORM migrate_stamp(wanted);
  END IF;
  RAISE NOTICE 'the database is at %', coalesce(wanted, 'base');
END
$take_over$;
'''
