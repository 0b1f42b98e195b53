"""Alembic: a folder of Python modules. Their graph is read without running them; their SQL is what Alembic prints for them."""

from __future__ import annotations

import ast
import configparser
import contextlib
import importlib.util
import io
import os
import re

from importing.step import Step, refuse_to_run
from psql import Failed


def alembic(folder, notes):
    steps = []
    runs = _alembic_runs(notes)
    versions = _versions(folder)
    for base, folders, names in os.walk(versions):
        folders[:] = [name for name in folders if name != '__pycache__' and not name.startswith('.')]
        for name in sorted(names):
            if not name.endswith('.py') or name == '__init__.py':
                continue
            path = os.path.join(base, name)
            step = _step(path, os.path.relpath(path, versions), runs)
            if step:
                steps.append(step)
            else:
                notes.append(f'{name}: left out, it has no revision')
    return _in_order(steps)


def _versions(folder):
    """The folder of the modules: of a project, as its alembic.ini says."""
    ini = os.path.join(folder, 'alembic.ini')
    if os.path.exists(ini):
        settings = configparser.ConfigParser(defaults={'here': folder}, interpolation=configparser.BasicInterpolation())
        settings.read(ini, encoding='utf-8')
        location = settings.get('alembic', 'script_location', fallback='alembic', raw=True).replace('%(here)s', '.')
        folder = os.path.join(folder, location)
    below = os.path.join(folder, 'versions')
    return below if os.path.isdir(below) else folder


def _alembic_runs(notes):
    try:
        from alembic.operations import Operations  # noqa: F401
        return True
    except ImportError:
        notes.append('Alembic is not installed for this python3: only op.execute() of constant texts is taken over; '
                     'run it where Alembic is for the rest')
        return False


def _step(path, name, runs):
    try:
        with open(path, encoding='utf-8') as file:
            module = ast.parse(file.read(), path)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise Failed(f'{path}: {error}', 'It is no module that Alembic could run.') from None
    values, computed = {}, set()
    for node in module.body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        for target in targets:
            if isinstance(target, ast.Name) and node.value is not None:
                try:
                    values[target.id] = ast.literal_eval(node.value)
                except ValueError:
                    computed.add(target.id)
    unknown = computed & {'revision', 'down_revision', 'branch_labels', 'depends_on'}
    if unknown:
        values.update(_values_of(path, unknown, runs))
    if 'revision' not in values:
        return None
    step = Step(values['revision'], _message(ast.get_docstring(module)), '', '', [name], parents=_list(values.get('down_revision')),
                labels=_list(values.get('branch_labels')), depends_on=_list(values.get('depends_on')))
    bodies = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    step.upgrade = _script(path, name, 'upgrade', bodies.get('upgrade'), step, runs)
    step.downgrade = _script(path, name, 'downgrade', bodies.get('downgrade'), step, runs)
    return step


def _values_of(path, names, runs):
    """Of what is no constant only the module itself knows the value."""
    try:
        if not runs:
            raise Failed('Alembic is not installed here, so that the module cannot be run')
        module = _load(path)
        return {name: getattr(module, name) for name in names}
    except (Exception, SystemExit) as error:
        raise Failed(f'{path}: {", ".join(sorted(names))} is no constant: {error}',
                     'Write the value down there, or run the import where the module can be imported.') from None


def _list(value):
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def _message(docstring):
    """Without the lines that Alembic's own template puts below it."""
    lines = (docstring or '').split('\n')
    kept = [line for line in lines if not re.match(r'^(Revision ID|Revises|Create Date):', line)]
    return '\n'.join(kept).strip()


def _script(path, name, function, body, step, runs):
    if body is None:
        return None if function == 'downgrade' else ''
    statements = [node for node in body.body if not _says_nothing(node)]
    if not statements:
        return ''
    if all(isinstance(node, ast.Raise) for node in statements):
        return None if function == 'downgrade' else refuse_to_run(f'{function} of {name} raises an error')
    failure = 'Alembic is not installed here'
    if runs:
        try:
            return _offline(path, function)
        except (Exception, SystemExit) as error:  # whatever the user's module may raise
            failure = f'{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ""}'
            if isinstance(error, ModuleNotFoundError):
                failure += ' (is the project on PYTHONPATH?)'
    texts = _executed(statements)
    if texts is not None:
        return '\n'.join(text if text.rstrip().endswith(';') else text.rstrip() + ';' for text in texts)
    step.look_at.append(f'the {function} has no SQL yet ({name}, line {body.lineno}): {failure}. Write it in place of the DO')
    return refuse_to_run(f'{function} of {name}')


def _says_nothing(node):
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _executed(statements):
    """The texts, when all that there is are op.execute() of constants."""
    texts = []
    for node in statements:
        call = node.value if isinstance(node, ast.Expr) else None
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == 'execute'
                and isinstance(call.func.value, ast.Name) and call.func.value.id == 'op' and len(call.args) == 1):
            return None
        argument = call.args[0]
        # op.execute(sa.text("..."))
        if isinstance(argument, ast.Call) and len(argument.args) == 1 and not argument.keywords:
            argument = argument.args[0]
        if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
            return None
        texts.append(argument.value)
    return texts


def _load(path):
    spec = importlib.util.spec_from_file_location('headway_imported', path)
    module = importlib.util.module_from_spec(spec)
    with contextlib.redirect_stdout(io.StringIO()):
        spec.loader.exec_module(module)
    return module


def _offline(path, function):
    """What Alembic would print for it with --sql: the module is run, without a database."""
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext

    module = _load(path)
    printed = io.StringIO()
    # As Alembic's own env.py has it: a percent sign is one, and bound values are written out.
    context = MigrationContext.configure(dialect_name='postgresql', dialect_opts={'paramstyle': 'named'},
                                         opts={'as_sql': True, 'literal_binds': True, 'output_buffer': printed})
    # autocommit_block(): here it is known from the statement.
    context.impl.emit_begin = context.impl.emit_commit = lambda: None
    with Operations.context(context), contextlib.redirect_stdout(io.StringIO()):
        getattr(module, function)()
    return printed.getvalue().strip() + '\n'


def _in_order(steps):
    """Parents first; by id among those that could both be next."""
    waiting, placed, order = sorted(steps, key=lambda step: step.key), set(), []
    while waiting:
        ready = [step for step in waiting if set(step.parents) & {other.key for other in waiting} <= placed]
        if not ready:  # a circle: the database names it
            return order + waiting
        order.append(ready[0])
        placed.add(ready[0].key)
        waiting.remove(ready[0])
    return order
