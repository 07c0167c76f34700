"""One script of a marked submission, as a kind of question sees it."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from assignment.handles import Handle
from assignment.parts import PARTS, Part
from assignment.questions.script import Script
from grader.results import Training
from grader.sandbox.remote import StudentScript


class Subject(Script):
    """A script in its worker, with `training`, what its training in this marking showed, if any.

    `images` are official test images as the script takes them, `(1000, 784)` or
    `(1000, 1, 28, 28)` float32, and `labels (1000,)` their classes.
    """

    def __init__(
        self,
        student: StudentScript,
        source: str,
        training: Training | None,
        images: np.ndarray,
        labels: np.ndarray,
    ):
        super().__init__(student.script, student.module, source)
        self.student, self.training = student, training
        self.images, self.labels = images.reshape(-1, *self.part.image_shape), labels

    @property
    def part(self) -> Part:
        """The part of the assignment."""
        return PARTS[self.name]

    def network(self, seed: int = 0) -> Handle:
        """A new network of the student's class."""
        found: Handle = getattr(self.module, self.part.class_name)(seed=seed)
        return found

    @cached_property
    def final(self) -> dict[str, float]:
        """The last values of the four learning curves; empty without a training."""
        curves = self.training.curves if self.training else {}
        return {name: values[-1] for name, values in curves.items() if values}
