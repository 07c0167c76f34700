"""What was found out about this machine, a line each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from grader.report.text import one_line


class State(Enum):
    """How it stands: what the terminal shows, and what it shows where it has no such signs."""

    GOOD = ("✓", "ok")
    BAD = ("✗", "NO")
    ABSENT = ("–", "--")  # not there, and not needed


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, how it stands, in words, and the command that would mend it."""

    name: str
    state: State
    words: str
    mend: str = ""
    needed: bool = True  # without it, submissions cannot be marked here

    @property
    def prevents(self) -> bool:
        """Whether submissions cannot be marked for this."""
        return self.needed and self.state is State.BAD


def line(finding: Finding, encoding: str) -> str:
    """A finding as a line of text that a terminal with this encoding can show."""
    sign, fallback = finding.state.value
    try:
        sign.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        sign = fallback
    mend = f". To mend it: {finding.mend}" if finding.mend else ""
    return f"{sign:<2} {finding.name:<20} {one_line(finding.words)}{mend}"
