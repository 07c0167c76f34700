"""Which line of forward, or which layer, gives an array with this many values?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np

from assignment.questions.drafting import Choice, Draft
from assignment.questions.question import OPTIONS, Code
from grader.questions.forward_lines import forward_lines
from grader.questions.own_layers import creating, network_of
from grader.questions.subject import Subject

FEWEST, MOST = 3, 9  # images in the batch
CLASSES = 10


@dataclass(frozen=True)
class _Place:
    """A line or a layer, and the number of values that it gives."""

    name: str
    values: int
    shape: tuple[int, ...]


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """A question about each line of forward, and one about each layer of an nn.Sequential."""
    n = int(rng.integers(FEWEST, MOST + 1))
    lines = forward_lines(subject, n)
    if lines:
        places = [_Place(f"line {one.statement.line}", prod(one.shape), one.shape) for one in lines]
        first = min(one.statement.line for one in lines)
        last = max(one.statement.end for one in lines)
        yield from _questions("line of your forward", places, n, subject.code_of(first, last), rng)
    network = network_of(subject, n)
    # a name such as net[3] says nothing about the layer
    layers = [
        _Place(f"self.{one.path}", prod(one.output), one.output)
        for one in network.layers
        if one.output and one.path.endswith("]")
    ]
    if layers:
        yield from _questions("layer of yours", layers, n, creating(subject, network), rng)


def _questions(
    what: str, places: list[_Place], n: int, code: Code | None, rng: np.random.Generator
) -> Iterator[Draft]:
    counts = [place.values for place in places]
    alone = [place for place in places if counts.count(place.values) == 1]
    for place in alone:
        if place.shape == (n, CLASSES):
            continue
        others = [one for one in places if one.values != place.values]
        picked = _around(places.index(place), [places.index(one) for one in others], rng)
        yield Draft(
            text=f"A batch of {n} images goes through your network. Which {what} gives an array "
            f"of {place.values:,} values?",
            key=place.name,
            others=tuple(
                Choice(
                    places[i].name,
                    f"the array had {places[i].values:,} values, in the shape {places[i].shape}",
                )
                for i in picked
            ),
            why=f"The shape there is {place.shape}, which makes {place.values:,} values.",
            code=code,
            evidence={"how": "forward was run with a batch of this size", "images": n},
            balance=str(sum(i < places.index(place) for i in picked)),
        )


def _around(at: int, others: list[int], rng: np.random.Generator) -> list[int]:
    """Three of the others; how many come before is drawn, so that the order says nothing."""
    before, after = [i for i in others if i < at], [i for i in others if i > at]
    asked = OPTIONS - 1
    possible = [n for n in range(OPTIONS) if n <= len(before) and asked - n <= len(after)]
    if not possible:
        return []
    earlier = possible[int(rng.integers(len(possible)))]
    return [
        *(before[i] for i in rng.permutation(len(before))[:earlier]),
        *(after[i] for i in rng.permutation(len(after))[: asked - earlier]),
    ]
