"""Alembic: a folder of Python modules. Their graph is read without running them; their SQL is what Alembic prints for them."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import io
import os
import re

from importing.step import Step, refuse_to_run

_CONTROL = re.compile(r'^(?:COMMIT|BEGIN);\s*$', re.M)


def alembic(folder, notes):
    versions = os.path.join(folder, 'versions') if os.path.isdir(os.path.join(folder, 'versions')) else folder
    steps = []
    runs = _alembic_runs(notes)
    for base, _, names in os.walk(versions):
        for name in sorted(names):
            path = os.path.join(base, name)
            if name.endswith('.py') and name != '__init__.py' and '__pycache__' not in base:
                step = _step(path, os.path.relpath(path, versions), runs)
                if step:
                    steps.append(step)
                else:
                    notes.append(f'{name}: left out, it has no revision')
    return _in_order(steps)


def _alembic_runs(notes):
    try:
        from alembic.operations import Operations  # noqa: F401
        return True
    except ImportError:
        notes.append('Alembic is not installed for this python3: only op.execute() of constant texts is taken over; '
                     'run it where Alembic is for the rest')
        return False


def _step(path, name, runs):
    with open(path, encoding='utf-8') as file:
        module = ast.parse(file.read(), path)
    values = {}
    for node in module.body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        for target in targets:
            if isinstance(target, ast.Name) and node.value is not None:
                with contextlib.suppress(ValueError):
                    values[target.id] = ast.literal_eval(node.value)
    if 'revision' not in values:
        return None
    step = Step(values['revision'], _message(ast.get_docstring(module)), '', '', [name], parents=_list(values.get('down_revision')),
                labels=_list(values.get('branch_labels')), depends_on=_list(values.get('depends_on')))
    bodies = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    step.upgrade = _script(path, name, 'upgrade', bodies.get('upgrade'), step, runs)
    step.downgrade = _script(path, name, 'downgrade', bodies.get('downgrade'), step, runs)
    return step


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
        except Exception as error:  # whatever the user's module may raise
            failure = f'{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ""}'
    texts = _executed(statements)
    if texts is not None:
        return '\n'.join(text if text.rstrip().endswith(';') else text.rstrip() + ';' for text in texts)
    step.look_at.append(f'the {function} has no SQL yet ({name}, line {body.lineno}): {failure}')
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


def _offline(path, function):
    """What Alembic would print for it with --sql: the module is run, without a database."""
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext

    spec = importlib.util.spec_from_file_location('headway_imported', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    printed = io.StringIO()
    context = MigrationContext.configure(dialect_name='postgresql', opts={'as_sql': True, 'output_buffer': printed})
    with Operations.context(context), contextlib.redirect_stdout(io.StringIO()):
        getattr(module, function)()
    # autocommit_block(): here it is known from the statement.
    return _CONTROL.sub('', printed.getvalue()).strip() + '\n'


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
