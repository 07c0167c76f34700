"""A section's feedback, taken apart for reading: what came, what was expected, the hint, and the rest. Nothing is added."""

from __future__ import annotations

import re
from dataclasses import dataclass

PRINTED = "What the script printed, to its end:"  # as marking.py writes it
_TRACE = re.compile(r"\S[^:]*, line \d+\b.*")


@dataclass(frozen=True)
class Message:
    """The parts of a feedback, in the order in which it has them; those it does not have are empty.

    `lead` are words before the lines of an exception, `said` a message that is not of the form "X is …, expected …".
    """

    lead: str = ""
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
    Message(lead='', trace=(), said='', came='x is 1', expected='2', hint='add one.', notes=(), printed='')
    """
    told, _, printed = feedback.partition(f"\n{PRINTED}\n")
    lines = told.split("\n")
    start = int(len(lines) > 2 and lines[0].endswith(":") and bool(_TRACE.fullmatch(lines[1])))
    end = start
    while end < len(lines) - 1 and _TRACE.fullmatch(lines[end]):
        end += 1
    head, hinted, hint = lines[end].partition(". Hint: ")
    came, compared, expected = head.partition(", expected ")
    return Message(
        lead=lines[0] if start else "",
        trace=tuple(lines[start:end]),
        said="" if compared else head + "." * bool(hinted),
        came=came if compared else "",
        expected=expected.removesuffix(".") if compared else "",
        hint=hint,
        notes=tuple(line for line in lines[end + 1 :] if line.strip()),
        printed=printed,
    )
