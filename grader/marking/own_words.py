"""Feedback without a script's own words, for sections in which it could read a right answer."""

from __future__ import annotations

from dataclasses import replace

from assignment.failure import raised_in_words, without_quotes
from grader.results import Verdict

WITHHELD = (
    "Layers of the reference stand in here, which a script can read. So nothing that your script "
    "printed or raised is shown for this section. If it needs something else that your own forward "
    "returns or keeps, start with the section that failed above."
)


def without_own_words(verdict: Verdict) -> Verdict:
    """The verdict with a fixed sentence in place of all that the script printed, raised or named.

    Numbers and shapes that were compared stay, as do kinds of mistakes and their advice.
    """
    if not (verdict.got or verdict.exception):
        return verdict
    raised = raised_in_words(verdict.exception)
    spoken = bool(verdict.exception or verdict.trace)
    return replace(
        verdict,
        got=without_quotes(verdict.got) or raised,
        expected=without_quotes(verdict.expected),
        where=without_quotes(verdict.where),
        exception="",
        trace=(),
        printed="",
        smallest=None,
        hints=() if spoken else tuple(map(without_quotes, verdict.hints)),
        notes=(*verdict.notes, WITHHELD) if spoken else verdict.notes,
    )
