"""One script of a marked submission, as a kind of question sees it."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from assignment.handles import Handle
from assignment.parts import PARTS, Part
from assignment.questions.script import Script
from grader.results import Training
from grader.sandbox.remote import StudentScript
from grader.variants.variants import Variant, variants_of

# the functions of part 1 that are changed for a question, and how
CHANGED = ("NumpyANN.forward", "NumpyANN.backward")
OPERATORS = (
    "drop factor", "drop term", "drop transpose", "drop call", "drop sign", "swap operands", "other axis",
    "other function", "other name", "wrap result",
)  # fmt: skip


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

    def of(self, student: StudentScript) -> Subject:
        """The same for a changed script."""
        return Subject(student, "\n".join(self.lines), self.training, self.images, self.labels)

    @cached_property
    def variants(self) -> list[Variant]:
        """Changed forms of forward and backward, made once they are needed."""
        source = "\n".join(self.lines) + "\n"
        return variants_of(source.encode(), CHANGED, operators=OPERATORS)

    @property
    def part(self) -> Part:
        """The part of the assignment."""
        return PARTS[self.name]

    def network(self, seed: int = 0) -> Handle:
        """A new network of the student's class."""
        found: Handle = getattr(self.module, self.part.class_name)(seed=seed)
        return found
