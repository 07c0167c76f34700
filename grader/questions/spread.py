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


def spread(key: int, wrong: Iterable[Wrong], rng: np.random.Generator) -> tuple[Choice, ...]:
    """Three of the wrong numbers; how many of them are smaller than the key is drawn first.

    Fewer than three, with which no question is asked, if there are not enough. So the right number
    is as often the smallest as the largest, as far as the wrong ones allow.
    """
    found: dict[int, Wrong] = {}
    for one in wrong:
        if one.number != key and one.number >= 0:
            found.setdefault(one.number, one)
    below = [one for one in found.values() if one.number < key]
    above = [one for one in found.values() if one.number > key]
    asked = OPTIONS - 1
    possible = [n for n in range(OPTIONS) if n <= len(below) and asked - n <= len(above)]
    if not possible:
        return ()
    smaller = possible[int(rng.integers(len(possible)))]
    picked = [
        *(below[i] for i in rng.permutation(len(below))[:smaller]),
        *(above[i] for i in rng.permutation(len(above))[: asked - smaller]),
    ]
    return tuple(Choice(f"{one.number:,}", one.belief, one.misconception) for one in picked)
