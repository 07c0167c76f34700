"""A verdict as lines of text, and text from a submission made safe to show."""

from __future__ import annotations

import unicodedata

from assignment.failure import sentence
from grader.results import SectionResult, Smallest, Status, Verdict

MAX_FEEDBACK = 4000  # characters of one section's feedback
PRINTED = "The end of the script's output:"


def plain(text: str, limit: int = MAX_FEEDBACK) -> str:
    """The text without control characters, directional marks and surrogates, cut at `limit`.

    Line ends and tabs stay.
    """
    cut = text if len(text) <= limit else f"{text[:limit]} … (cut)"
    if cut.isprintable():  # the usual case, and a hundred times faster
        return cut
    bad = ("Cc", "Cf", "Cs", "Co")
    return "".join(c if c in "\n\t" or unicodedata.category(c) not in bad else "�" for c in cut)


def one_line(text: str) -> str:
    """The text on one line, safe to show: file names may contain anything."""
    return " ".join(plain(text).split())


def feedback(result: SectionResult) -> str:
    """The whole verdict as text, in reading order; safe to show."""
    return plain("\n".join(lines(result.verdict)))


def lines(verdict: Verdict) -> list[str]:
    """The verdict as lines and paragraphs, not yet safe to show."""
    hints = [f"Hint: {verdict.hints[0]}", *verdict.hints[1:]] if verdict.hints else []
    return [
        *([summary(verdict)] if verdict.got else []),
        *(str(frame) for frame in verdict.trace),
        *([exception_in_words(verdict)] if verdict.exception else []),
        *hints,
        *([smallest_in_words(verdict.smallest)] if verdict.smallest else []),
        *verdict.notes,
        *([PRINTED, verdict.printed] if verdict.printed else []),
    ]


def headline(verdict: Verdict, limit: int) -> str:
    """The most important line of a verdict, which never contains the script's own output."""
    line = exception_in_words(verdict) if verdict.exception else summary(verdict)
    if not line and verdict.notes:  # from an old gradebook, which kept one text
        line = verdict.notes[0]
    line = one_line(line)
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def summary(verdict: Verdict) -> str:
    """What was found and what was expected, as one sentence; for a right answer, the remark."""
    if verdict.status is Status.PASSED:
        return verdict.got
    return sentence(verdict.got, verdict.expected, verdict.where)


def exception_in_words(verdict: Verdict) -> str:
    """The exception in one piece, marked as the grader's fault if it is."""
    fault = "grader error, not your code: " if verdict.status is Status.ERROR else ""
    return f"{fault}{verdict.exception}"


def smallest_in_words(smallest: Smallest) -> str:
    """The smallest failing input as a sentence or two.

    >>> found = Smallest("input", "relu([-1.0])", "result[0] is -1, expected 0.", "[0.0]")
    >>> smallest_in_words(found)
    'Smallest failing input found: relu([-1.0]), expected [0.0]: result[0] is -1, expected 0.'
    """
    if smallest.leaks:
        return (
            f"{smallest.tried} is right in the first call and wrong after {smallest.before}: "
            f"{smallest.got} State leaks from one call to the next."
        )
    expected = f", expected {smallest.expected}" if smallest.expected else ""
    contrast = f"; {smallest.before} is right" if smallest.before else ""
    what = f"{smallest.tried}{contrast}{expected}"
    return f"Smallest failing {smallest.kind} found: {what}: {smallest.got}"
