"""The kinds of questions that need nothing but the script and NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from assignment.questions import array_at_line, kept_arrays, shape_at_line, zero_gradients
from assignment.questions.drafting import Draft


@dataclass(frozen=True)
class Kind:
    """A kind of question.

    `drafts` takes a script and a generator of random numbers, and yields the questions that it can
    ask. `needs` are the sections that must have passed, by script; the last is the question's.
    `own` says whether its keys depend on the student's code.
    """

    name: str
    drafts: Callable[[Any, np.random.Generator], Iterable[Draft]]
    needs: Mapping[str, tuple[str, ...]]
    own: bool = True


NETWORK = {"numpy_ann": ("1.2", "1.3", "1.5", "1.6")}
PUBLIC = (
    Kind("shape-at-line", shape_at_line.drafts, NETWORK),
    Kind("array-at-line", array_at_line.drafts, NETWORK),
    Kind("kept-arrays", kept_arrays.drafts, NETWORK),
    Kind("zero-gradients", zero_gradients.drafts, NETWORK, own=False),
)
