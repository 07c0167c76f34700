"""How long the calls of a submission may take together: in a section, in a training, in all.

The limit of a single call is no bound on a marking, which makes hundreds of them. What counts is
the time that the grader waits for answers, so code that sleeps is as expensive as code that runs.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass
class Budget:
    """Seconds of wall time for all calls of one step; what they take also counts in `parent`.

    `what` names the step in the plural, such as "the calls of this section". `waited` are the
    seconds of `spent` in which the code was ready to run and had no processor.
    """

    seconds: float
    what: str
    parent: Budget | None = None
    spent: float = 0.0
    waited: float = 0.0

    def tightest(self) -> Budget:
        """The budget with the least time left: this one or one of its parents."""
        outer = self.parent.tightest() if self.parent else self
        return outer if outer.left < self.left else self

    @property
    def left(self) -> float:
        """Seconds left in this budget alone."""
        return max(0.0, self.seconds - self.spent)

    def charge(self, seconds: float, waited: float = 0.0) -> None:
        """Count what a call took, here and in the parents."""
        self.spent += seconds
        self.waited += waited
        if self.parent:
            self.parent.charge(seconds, waited)


class Clock:
    """The budgets of one submission: `current` is that of the step which is being marked."""

    def __init__(self, seconds: float = math.inf):
        self.whole = Budget(seconds, "all calls of this submission")
        self.current = self.whole

    @contextlib.contextmanager
    def step(self, seconds: float, what: str, *, apart: bool = False) -> Iterator[Budget]:
        """Give the calls of a step `seconds`.

        They count in the present step too, or, with `apart`, only in the whole submission.
        """
        before = self.current
        self.current = Budget(seconds, what, self.whole if apart else before)
        try:
            yield self.current
        finally:
            self.current = before
