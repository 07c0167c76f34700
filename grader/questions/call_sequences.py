"""Lines that call methods of a student's network in turn, and what its layers did meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from assignment.answers import Tensor
from assignment.handles import probe
from assignment.questions.question import Code
from grader.questions.own_layers import creating, network_of
from grader.questions.subject import Subject

TRAIN, EVAL, CALL, PREDICT = "train()", "eval()", "(X)", "predict(X)"
STEP = "training_step(X, y, optimizer)"
GIVEN = (
    "Before these lines, net is a new network of your class, X a batch of {n} images, y their labels, "
    "and optimizer an optimizer for net."
)


def observed(subject: Subject, calls: Sequence[str], images: int) -> dict[str, Any]:
    """What the layers did during these calls, as assignment/observing/modes.py says."""
    X, y = subject.images[:images], subject.labels[:images]
    found = probe(subject.network(), "modes", Tensor(X), Tensor(np.array(y)), list(calls))
    if not isinstance(found, dict):
        raise ValueError("the answer says nothing about layers")
    return found


def as_code(subject: Subject, calls: Sequence[str]) -> Code:
    """The calls as lines, and the student's layers as comments below."""
    lines = [f"net{call}" if call == CALL else f"net.{call}" for call in calls]
    block = creating(subject, network_of(subject))
    if block is not None:
        lines += [f"# your layers, from line {block.line} of {block.file}:"]
        lines += [f"#     {line}" for line in block.source.split("\n")]
    return Code("try.py", 1, "\n".join(lines))
