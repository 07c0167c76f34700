"""What one entry of the catalogue holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Formula = Callable[..., Any]
Slots = dict[str, tuple[Formula, ...]]


@dataclass(frozen=True)
class Misconception:
    """One mistake: its id, the numbers of its sections ("any" stands for all), what students read, and the wrong code.

    `advice` says what the code does, why that is wrong and what to look at next, and never how to write it. It is
    shown below the message of the check, unless that says it all. A `general` entry is a kind of failure that many
    mistakes show, so the particular one is still looked for. `shown_at_once`: platforms show a section with this
    mistake before the marks are published, since it says that something is missing, not whether it is right.

    `wrong` is either the wrong formulas by the slot of the right computation that they take the place of, which an answer
    is compared with; or a line that is typical of the mistake, where it is known by how the code behaves.
    """

    id: str
    sections: tuple[str, ...]
    advice: str
    wrong: Slots | str
    general: bool = False
    is_shown: bool = True
    shown_at_once: bool = False
