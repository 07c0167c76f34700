"""What the lines of a student's forward compute."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assignment.answers import Tensor
from assignment.observing.outline import Statement
from grader.questions.own_layers import Shape
from grader.questions.subject import Subject


@dataclass(frozen=True)
class ForwardLine:
    """A line that assigns an array, and the array's shape."""

    statement: Statement
    shape: Shape


def forward_lines(subject: Subject, images: int) -> list[ForwardLine]:
    """The lines of the network's own forward that ran once, in order, for a black batch."""
    net = subject.network()
    net.eval()
    batch = Tensor(np.zeros((images, *subject.part.image_shape), np.float32))
    own = f"{subject.part.class_name}.forward"
    return [
        ForwardLine(step.statement, step.value.shape)
        for step in subject.steps([(net.forward, [batch])])
        if step.statement.function == own
        and step.target != "return"
        and step.value.ndim > 1
        and step.statement.targets == (step.target,)
    ]
