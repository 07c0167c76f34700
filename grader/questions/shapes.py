"""Wrong shapes for a right one, so that what they have in common does not give it away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from assignment.questions.drafting import Choice
from grader.questions.own_layers import LARGEST, Shape
from grader.questions.spread import two_by_two

PIXELS = 784
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


# what may go wrong with a number of values, whatever it is
RESIZED: tuple[tuple[Callable[[int], int], str], ...] = (
    (lambda width: width, ""),
    (lambda width: 2 * width, "weights and biases gave outputs of their own"),
    (lambda width: 4 * width, "the values of four layers stood side by side"),
    (lambda width: width // 2, "every second value was dropped"),
    (lambda width: width // 4, "three of four values were dropped"),
    (lambda width: width + 10, "the logits were joined to it"),
)


def of_width(key: Shape, widths: Iterable[Guess], rng: np.random.Generator) -> tuple[Choice, ...]:
    """For rows of values `(n, w)`: another array's w, a multiple, and that multiple of the other."""
    rows = [(key[1], ""), *(guess for guess in widths if 0 < guess[0] <= LARGEST)]
    rows += [(PIXELS, "the array had a value for each pixel")] if len(rows) == 1 else []
    drawn = two_by_two(rows, RESIZED, lambda width, resized: resized(width), rng)
    return tuple(
        Choice(in_words((key[0], int(one.text.replace(",", "")))), one.belief) for one in drawn
    )


def guesses_from(shapes: Sequence[tuple[Shape, str]]) -> tuple[list[Guess], list[Guess]]:
    """The channels and sizes of other arrays; each comes with what has that shape."""
    images = [(shape, what) for shape, what in shapes if len(shape) == 4 and shape[2] == shape[3]]
    return (
        [(shape[1], f"the channels were those of {what}") for shape, what in images],
        [(shape[2], f"height and width were those of {what}") for shape, what in images],
    )
