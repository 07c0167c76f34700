"""A verdict as lines of text, and text from a submission made safe to show."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from assignment.failure import raised_in_words, sentence, without_quotes
from grader.results import SectionResult, Smallest, Status, Verdict

MAX_FEEDBACK = 4000  # characters of one section's feedback
SHOWN_HINTS = 2  # of three: the last is almost the answer, and is opened on purpose
PRINTED = "The end of the script's output:"
SAID = "Your script said:"  # above its own lines and the exception that it raised


def plain(text: str, limit: int = MAX_FEEDBACK) -> str:
    """The text without control characters, directional marks and surrogates, cut at `limit`.

    Line ends and tabs stay.
    """
    cut = text if len(text) <= limit else f"{text[:limit]} … (cut)"
    if cut.replace("\n", "").replace("\t", "").isprintable():  # the usual case, and far faster
        return cut
    bad = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    return "".join(c if c in "\n\t" or unicodedata.category(c) not in bad else "�" for c in cut)


def one_line(text: str) -> str:
    """The text on one line, safe to show: file names may contain anything."""
    return " ".join(plain(text).split())


def feedback(result: SectionResult) -> str:
    """The whole verdict as text, in reading order; safe to show."""
    return plain("\n".join(lines(result.verdict)))


def lines(verdict: Verdict) -> list[str]:
    """The verdict as lines, not yet safe to show; a script's own words stand behind a bar.

    The last of three hints is left out: the page and `--hint` show it to who asks for it.
    """
    hints = [f"Hint: {verdict.hints[0]}", *verdict.hints[1:SHOWN_HINTS]] if verdict.hints else []
    smallest = [smallest_in_words(verdict.smallest)] if verdict.smallest else []
    first = _first(verdict)
    if not first:  # from an old gradebook, which kept one text
        return [*hints, *smallest, *verdict.notes]
    own = [
        *(str(frame) for frame in verdict.trace),
        *([verdict.exception] if said(verdict) else []),
    ]
    return [
        one_line(first),
        *([SAID, *marked(own)] if own else []),
        *map(one_line, [*hints, *smallest, *verdict.notes]),
        *([PRINTED, *marked([verdict.printed])] if verdict.printed else []),
    ]


def said(verdict: Verdict) -> bool:
    """Whether the verdict has an exception that the script raised."""
    return bool(verdict.exception) and verdict.status is not Status.ERROR


def marked(texts: Iterable[str]) -> list[str]:
    """The script's own words, each line behind a bar: none can be taken for a line of ours."""
    return [f"  | {line}" for text in texts for line in text.splitlines() or [""]]


def _first(verdict: Verdict) -> str:
    """The first line, in the grader's words; what a script said is at most quoted in it."""
    if verdict.status is Status.ERROR and verdict.exception:
        return grader_error(verdict)
    if said(verdict) and verdict.got:
        return f"{summary(verdict).rstrip('.')}: {raised_in_words(verdict.exception)}."
    return summary(verdict) or (f"{raised_in_words(verdict.exception)}." if said(verdict) else "")


def headline(verdict: Verdict, limit: int) -> str:
    """The most important line of a verdict, which never contains a script's own words."""
    line = without_quotes(_first(verdict))
    if not line and verdict.notes:  # from an old gradebook, which kept one text
        line = verdict.notes[0]
    line = one_line(line)
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def summary(verdict: Verdict) -> str:
    """What was found and what was expected, as one sentence; for a right answer, the remark."""
    if verdict.status is Status.PASSED:
        return verdict.got
    return sentence(verdict.got, verdict.expected, verdict.where)


def grader_error(verdict: Verdict) -> str:
    """The grader's own exception, marked as its fault."""
    return f"grader error, not your code: {verdict.exception}"


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
