"""The gradients that a script's backward returns after a change to the script."""

from __future__ import annotations

from contextlib import closing

import numpy as np

from assignment.checks.numpy.cases import NAMES
from assignment.observing.outline import Statement
from assignment.questions.small_network import Batch
from grader.errors import StudentFault
from grader.questions.subject import Subject

Gradients = dict[str, np.ndarray]


def gradients(subject: Subject, batch: Batch, source: str = "") -> Gradients | None:
    """The gradients of one batch by name, of a changed script if `source` is given.

    None if the changed script raises, or gives something else than four arrays of their sizes.
    """
    if not source:
        return _run(subject, batch)
    with closing(subject.student.with_source(source)) as student:
        try:
            return _run(subject.of(student), batch)
        except (StudentFault, ValueError, KeyError, TypeError):
            return None


def _run(subject: Subject, batch: Batch) -> Gradients | None:
    net = batch.network(subject)
    net.forward(batch.X)
    found = batch.gradients(net)
    is_whole = all(np.isfinite(value).all() for value in found.values())
    return found if is_whole else None


def different(one: Gradients, other: Gradients) -> list[str]:
    """The names of the gradients that differ."""
    return [name for name in NAMES if not np.allclose(one[name], other[name], 1e-4, 1e-7)]


def with_statement(subject: Subject, statement: Statement, code: str) -> str:
    """The script with other code, in one line, in place of a statement that has its lines alone."""
    lines = list(subject.lines)
    first = lines[statement.line - 1]
    indent = first[: len(first) - len(first.lstrip())]
    lines[statement.line - 1 : statement.end] = [indent + code]
    return "\n".join(lines) + "\n"
