"""Right answers that stand in for a script's wrong ones while a later section is marked.

A script that was written for it reads whatever its process holds, so no line of a right answer is
sent there. A function is computed on this side: the worker sends the arguments in the middle of the
call, and gets arrays back (`Computed`). A network is built in the worker from torch's own layers
(`Layers`). The script can print these, so feedback then shows none of its words: see `readable`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_COMPUTED = 20_000  # questions in one call; finite differences on a small network ask some 100

Answer = Callable[[Sequence[np.ndarray]], Sequence[np.ndarray]]


class Refused(Exception):
    """Arguments that no right answer takes; the worker raises the message as a ValueError."""


@dataclass(frozen=True)
class Computed:
    """A function, or a method of a class, whose values are computed on the trusted side.

    A method sends the attributes `reads` of its object after its argument, and sets the attributes
    `sets` to the answers. Both return the last answer. `answer` raises Refused for arguments that
    do not fit; they come from the worker and may be anything that the protocol can carry.
    """

    name: str
    answer: Answer
    owner: str = ""
    reads: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()

    readable = False

    def specification(self) -> dict[str, Any]:
        """What the worker is told."""
        return {
            "kind": "computed",
            "name": self.name,
            "owner": self.owner,
            "reads": list(self.reads),
            "sets": list(self.sets),
        }


@dataclass(frozen=True)
class Layers:
    """A network's class that gets layers, each the name of one of torch's and its arguments."""

    owner: str
    layers: tuple[tuple[Any, ...], ...]

    readable = True

    def specification(self) -> dict[str, Any]:
        """What the worker is told."""
        return {"kind": "layers", "owner": self.owner, "layers": [list(one) for one in self.layers]}


StandIn = Computed | Layers


def reply_to(question: Any, identity: str, number: int, answers: Mapping[str, Answer]) -> Any:
    """The reply to a question that a worker asked in the middle of the call `identity`.

    Raises Refused for one that does not belong there: no such stand-in, or not the next number.
    """
    fits = (
        isinstance(question, dict)
        and question.keys() == {"id", "question", "number", "arguments"}
        and question["id"] == identity
        and question["number"] == number <= MAX_COMPUTED
        and isinstance(question["question"], str)
        and question["question"] in answers
        and isinstance(question["arguments"], list)
    )
    if not fits:
        raise Refused("a question that does not belong to the call")
    name = question["question"]
    try:
        if not all(_holds_numbers(argument) for argument in question["arguments"]):
            raise Refused(f"{name} takes arrays of numbers")
        with np.errstate(all="ignore"):  # whatever the numbers are
            values = answers[name](question["arguments"])
    except Refused as refusal:
        return {"number": number, "refused": str(refusal)}
    return {"number": number, "values": list(values)}


def _holds_numbers(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "fiub"
