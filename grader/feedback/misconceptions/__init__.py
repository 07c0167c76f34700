"""The catalogue of mistakes: id, sections, and the wrong code.

`grader.feedback.diagnosis` finds the mistake that an answer shows: it predicts what each would give
on the same inputs. To add a mistake, write its entry here, its hints in `assignment/hints.toml` and
two specimens in `tests/specimens/`.
"""

from __future__ import annotations

from grader.feedback.misconceptions.entry import Formula, Misconception, Slots
from grader.feedback.misconceptions.functions import FUNCTIONS, RIGHT_FUNCTIONS
from grader.feedback.misconceptions.general import GENERAL
from grader.feedback.misconceptions.network import NETWORK, RIGHT_NETWORK, Pass
from grader.feedback.misconceptions.torch_part import TORCH

__all__ = ["CATALOGUE", "Formula", "Misconception", "Pass", "Slots", "choices"]

CATALOGUE: dict[str, Misconception] = {
    entry.id: entry for part in (FUNCTIONS, NETWORK, TORCH, GENERAL) for entry in part
}
_RIGHT = RIGHT_FUNCTIONS | RIGHT_NETWORK


def choices(section: str, slot: str) -> list[tuple[Formula, tuple[str, ...]]]:
    """The formulas that can fill a slot, each with its mistakes; right ones, without any, first."""
    right = [(formula, ()) for formula in _RIGHT.get(section, {}).get(slot, ())]
    wrong = [
        (formula, (entry.id,))
        for entry in CATALOGUE.values()
        if section in entry.sections and not isinstance(entry.wrong, str)
        for formula in entry.wrong.get(slot, ())
    ]
    return [*right, *wrong]
