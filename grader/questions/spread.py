"""Three wrong numbers for a right one, so that its size does not give it away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from assignment.questions.drafting import Choice
from assignment.questions.question import OPTIONS


class Wrong(NamedTuple):
    """A wrong number, what leads to it, and the id of a known mistake."""

    number: int
    belief: str
    misconception: str = ""


def spread(
    key: int,
    wrong: Iterable[Wrong],
    rng: np.random.Generator,
    *,
    smallest: Wrong | None = None,
) -> tuple[Choice, ...]:
    """Three of the wrong numbers; how many of them are smaller than the key is drawn first.

    `smallest` is one that is always among them, such as 0, which has to be smaller than all others.

    Fewer than three, with which no question is asked, if there are not enough. So the right number
    is as often the smallest as the largest, as far as the wrong ones allow.
    """
    found: dict[int, Wrong] = {}
    for one in wrong:
        if one.number not in (key, smallest and smallest.number) and one.number >= 0:
            found.setdefault(one.number, one)
    below = [one for one in found.values() if one.number < key]
    above = [one for one in found.values() if one.number > key]
    asked = OPTIONS - (1 if smallest is None else 2)
    possible = [n for n in range(asked + 1) if n <= len(below) and asked - n <= len(above)]
    if not possible:
        return ()
    smaller = possible[int(rng.integers(len(possible)))]
    picked = [
        *([] if smallest is None else [smallest]),
        *(below[i] for i in rng.permutation(len(below))[:smaller]),
        *(above[i] for i in rng.permutation(len(above))[: asked - smaller]),
    ]
    return tuple(Choice(f"{one.number:,}", one.belief, one.misconception) for one in picked)
