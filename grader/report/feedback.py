"""A section's feedback, taken apart for reading: what came, what was expected, the hint, and the rest. Nothing is added."""

from __future__ import annotations

import re
from dataclasses import dataclass

PRINTED = "What the script printed, to its end:"  # as marking.py writes it
_TRACE = re.compile(r"\S[^:]*, line \d+\b.*")


@dataclass(frozen=True)
class Message:
    """The parts of a feedback, in the order in which it has them; those it does not have are empty.

    `said` is a message that is not of the form "X is …, expected …".
    """

    trace: tuple[str, ...] = ()
    said: str = ""
    came: str = ""
    expected: str = ""
    hint: str = ""
    notes: tuple[str, ...] = ()
    printed: str = ""


def split(feedback: str) -> Message:
    """The parts of a feedback.

    >>> split("x is 1, expected 2. Hint: add one.")
    Message(trace=(), said='', came='x is 1', expected='2', hint='add one.', notes=(), printed='')
    """
    told, _, printed = feedback.partition(f"\n{PRINTED}\n")
    lines = told.split("\n")
    length = 0
    while length < len(lines) - 1 and _TRACE.fullmatch(lines[length]):
        length += 1
    head, hinted, hint = lines[length].partition(". Hint: ")
    came, compared, expected = head.partition(", expected ")
    return Message(
        trace=tuple(lines[:length]),
        said="" if compared else head + "." * bool(hinted),
        came=came if compared else "",
        expected=expected.removesuffix(".") if compared else "",
        hint=hint,
        notes=tuple(line for line in lines[length + 1 :] if line.strip()),
        printed=printed,
    )
