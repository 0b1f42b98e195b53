"""Alembic: a folder of Python modules. Their graph is read without running them; for their SQL they are run, without a database."""

from __future__ import annotations

import ast
import configparser
import contextlib
import importlib.util
import io
import os
import re
import sys

import sql_text
from importing.step import CONTROL, Step, refuse_to_run
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
            step = _step(path, os.path.relpath(path, versions), runs, notes)
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
        import importing.alembic_printing  # noqa: F401
        return True
    except ImportError:
        notes.append(f'Alembic is not installed for {sys.executable}: only op.execute() of constant texts is taken over. For the '
                     f'rest run it by the python3 that has Alembic: /path/to/python3 {os.path.abspath(sys.argv[0])} import alembic ...')
        return False


def _step(path, name, runs, notes):
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
    for function in ('upgrade', 'downgrade'):
        texts = _texts(path, name, function, bodies.get(function), step, runs)
        setattr(step, function, None if texts is None else _script(texts, f'{function} of {name}', notes))
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


def _script(texts, where, notes):
    """Transaction control is left out: what cannot be in a transaction is known from the statement."""
    kept = []
    for text in texts:
        words = [token.value for statement in sql_text.statements(text) for token in statement]
        if words[:1] and words[0] in CONTROL and len([word for word in words if word != ';']) <= 2:
            notes.append(f'{where}: {text.strip().rstrip(";")} is left out: a revision is in a transaction of its own where it can be')
        else:
            kept.append(text if text.rstrip().endswith(';') else text.rstrip() + ';')
    return '\n\n'.join(kept)


def _texts(path, name, function, body, step, runs):
    """The statements; None: there is no way back."""
    if body is None:
        return None if function == 'downgrade' else []
    nodes = [node for node in body.body if not _says_nothing(node)]
    if not nodes:
        return []
    if all(isinstance(node, ast.Raise) for node in nodes):
        return None if function == 'downgrade' else [refuse_to_run(f'{function} of {name} raises an error')]
    printed, constants, line, failure = [], None, body.lineno, 'Alembic is not installed here'
    if runs:
        from importing import alembic_printing
        try:
            return alembic_printing.printed(_load(path), path, function)
        except alembic_printing.Stopped as stopped:
            printed, line, failure = stopped.printed, stopped.line or line, stopped.reason
        except (Exception, SystemExit) as error:  # whatever the user's module may raise
            failure = f'{type(error).__name__}: {error}'
            if isinstance(error, ModuleNotFoundError):
                failure += ' (is the project on PYTHONPATH?)'
            constants = _executed(nodes)
    else:
        constants = _executed(nodes)
    if constants is not None:
        return constants
    what = f'the rest of the {function}' if printed else f'the {function}'
    step.look_at.append(f'{what} has no SQL yet ({name}, line {line}): {failure}. Write it in place of the DO')
    return printed + [refuse_to_run(f'{function} of {name}, from line {line} on')]


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
