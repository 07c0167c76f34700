"""One entry of the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assignment.hints import Ladder, hints_for

Formula = Callable[..., Any]
Slots = dict[str, tuple[Formula, ...]]


@dataclass(frozen=True)
class Misconception:
    """One mistake: id, numbers of its sections ("any" for all), wrong code.

    Its hints are in assignment/hints.toml, which the students' side reads too. A `general` entry is
    a symptom of many mistakes, so diagnosis goes on. `shown_at_once` lets platforms show a section
    with this mistake before marks are published: it says that something is missing, not whether it
    is right.

    `wrong` holds wrong formulas to compare an answer with, by the slot of the right computation
    that they replace. For mistakes that show in behaviour, it is a typical line of code instead.
    """

    id: str
    sections: tuple[str, ...]
    wrong: Slots | str
    general: bool = False
    shown_at_once: bool = False

    @property
    def hints(self) -> Ladder:
        """Where to look, why it is wrong, almost the answer."""
        return hints_for(self.id)

    @property
    def advice(self) -> str:
        """What the code does and why that is wrong."""
        return self.hints[1]
