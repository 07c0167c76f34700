"""Wrong shapes for a right one, so that what they have in common does not give it away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from assignment.questions.drafting import Choice
from grader.questions.own_layers import LARGEST, Shape
from grader.questions.spread import Wrong, spread

Guess = tuple[int, str]  # a wrong size, and what leads to it


def in_words(shape: Shape) -> str:
    """As Python writes it."""
    return str(tuple(int(size) for size in shape))


def crossed(
    key: Shape, channels: Sequence[Guess], sizes: Sequence[Guess], rng: np.random.Generator
) -> tuple[Choice, ...]:
    """For images `(n, c, s, s)`: another c, another s, and both. None if there is no other.

    Each number of channels and each size stands in two of the four options, so neither is more
    frequent. The other one is larger as often as smaller, as far as there are both.
    """
    n, right_channels, right_size = key[:3]
    other_channels, other_size = (
        another(right_channels, channels, rng),
        another(right_size, sizes, rng),
    )
    if other_channels is None or other_size is None:
        return ()
    (c, why_channels), (s, why_size) = other_channels, other_size
    return (
        Choice(in_words((n, c, right_size, right_size)), why_channels),
        Choice(in_words((n, right_channels, s, s)), why_size),
        Choice(in_words((n, c, s, s)), f"{why_channels}, and {why_size}"),
    )


def another(key: int, guesses: Sequence[Guess], rng: np.random.Generator) -> Guess | None:
    """A wrong number, larger as often as smaller where there are both; None if there is none."""
    found: dict[int, str] = {}
    for number, belief in guesses:
        if number != key and 0 < number <= LARGEST:
            found.setdefault(number, belief)
    sides = [
        side for side in ([n for n in found if n < key], [n for n in found if n > key]) if side
    ]
    if not sides:
        return None
    side = sides[int(rng.integers(len(sides)))]
    number = side[int(rng.integers(len(side)))]
    return number, found[number]


def of_width(key: Shape, widths: Iterable[Guess], rng: np.random.Generator) -> tuple[Choice, ...]:
    """For rows of values `(n, w)`: three other w."""
    wrong = [Wrong(width, belief) for width, belief in widths if 0 < width <= LARGEST]
    chosen = spread(key[1], wrong, rng)
    by_text = {f"{one.number:,}": one.number for one in wrong}
    return tuple(
        Choice(in_words((key[0], by_text[choice.text])), choice.belief) for choice in chosen
    )


def guesses_from(shapes: Sequence[tuple[Shape, str]]) -> tuple[list[Guess], list[Guess]]:
    """The channels and sizes of other arrays; each comes with what has that shape."""
    images = [(shape, what) for shape, what in shapes if len(shape) == 4 and shape[2] == shape[3]]
    return (
        [(shape[1], f"the channels were those of {what}") for shape, what in images],
        [(shape[2], f"height and width were those of {what}") for shape, what in images],
    )
