"""One entry of the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Formula = Callable[..., Any]
Slots = dict[str, tuple[Formula, ...]]


@dataclass(frozen=True)
class Misconception:
    """One mistake: id, numbers of its sections ("any" for all), advice to the student, wrong code.

    `advice` says what the code does, why that is wrong and what to look at next, but not how to
    write it. It is shown below the message of the check unless `is_shown` is False, because the
    message says everything. A `general` entry is a symptom of many mistakes, so diagnosis goes on.
    `shown_at_once` lets platforms show a section with this mistake before marks are published: it
    says that something is missing, not whether it is right.

    `wrong` holds wrong formulas to compare an answer with, by the slot of the right computation
    that they replace. For mistakes that show in behaviour, it is a typical line of code instead.
    """

    id: str
    sections: tuple[str, ...]
    advice: str
    wrong: Slots | str
    general: bool = False
    is_shown: bool = True
    shown_at_once: bool = False
