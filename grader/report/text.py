"""A verdict as lines of text, and text from a submission made safe to show: no control characters, bounded length."""

from __future__ import annotations

import unicodedata

from assignment.failure import sentence
from grader.results import SectionResult, Smallest, Status, Verdict

MAX_FEEDBACK = 4000  # characters of one section's feedback
PRINTED = "What the script printed, to its end:"


def plain(text: str, limit: int = MAX_FEEDBACK) -> str:
    """The text without terminal control sequences, directional marks and lone surrogates; line ends and tabs stay."""
    cut = text if len(text) <= limit else f"{text[:limit]} … (cut)"
    if cut.isprintable():  # the usual case, a hundred times as fast
        return cut
    bad = ("Cc", "Cf", "Cs", "Co")
    return "".join(c if c in "\n\t" or unicodedata.category(c) not in bad else "�" for c in cut)


def one_line(text: str) -> str:
    """The text on one line, safe to show: file names can hold anything."""
    return " ".join(plain(text).split())


def feedback(result: SectionResult) -> str:
    """All that a verdict says, in the order of reading; safe to show."""
    return plain("\n".join(lines(result.verdict)))


def lines(verdict: Verdict) -> list[str]:
    """What a verdict says, a line or a paragraph each; not yet safe to show."""
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
    """The one line that says most: never a word that the script printed."""
    line = exception_in_words(verdict) if verdict.exception else summary(verdict)
    if not line and verdict.notes:  # of an old gradebook, which kept one text
        line = verdict.notes[0]
    line = one_line(line)
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def summary(verdict: Verdict) -> str:
    """What came and what was expected, as one sentence; of a right answer, what there is to say of it."""
    if verdict.status is Status.PASSED:
        return verdict.got
    return sentence(verdict.got, verdict.expected, verdict.where)


def exception_in_words(verdict: Verdict) -> str:
    """The exception in one piece, and whose fault it is where that is the grader's."""
    fault = "grader error, not your code: " if verdict.status is Status.ERROR else ""
    return f"{fault}{verdict.exception}"


def smallest_in_words(smallest: Smallest) -> str:
    """The smallest failing input as a sentence or two.

    >>> smallest_in_words(Smallest("input", "relu([-1.0])", "it[0] is -1, expected 0.", "[0.0]"))
    'Smallest failing input found: relu([-1.0]), expected [0.0]: it[0] is -1, expected 0.'
    """
    if smallest.leaks:
        return (
            f"{smallest.tried} is right in the first call and wrong after {smallest.before}: {smallest.got} "
            "State leaks from one call to the next."
        )
    expected = f", expected {smallest.expected}" if smallest.expected else ""
    contrast = f"; {smallest.before} is right" if smallest.before else ""
    return f"Smallest failing {smallest.kind} found: {smallest.tried}{contrast}{expected}: {smallest.got}"
