"""Findings about this machine, one line each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from grader.report.text import one_line


class State(Enum):
    """The state of a finding: its sign, and one for terminals that cannot show that."""

    GOOD = ("✓", "ok")
    BAD = ("✗", "NO")
    ABSENT = ("–", "--")  # not installed, and not needed


@dataclass(frozen=True)
class Finding:
    """What was checked, its state, a description, and the command that fixes it."""

    name: str
    state: State
    words: str
    fix: str = ""
    needed: bool = True  # for marking submissions on this machine

    @property
    def prevents(self) -> bool:
        """Whether submissions cannot be marked because of it."""
        return self.needed and self.state is State.BAD


def line(finding: Finding, encoding: str) -> str:
    """A finding as a line of text that a terminal with this encoding can show."""
    sign, fallback = finding.state.value
    try:
        sign.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        sign = fallback
    fix = f". To fix it: {finding.fix}" if finding.fix else ""
    return f"{sign:<2} {finding.name:<20} {one_line(finding.words)}{fix}"
