"""Notes for the instructor on a script's source, taken with the first of its sections."""

from __future__ import annotations

from grader.checks.context import Context
from grader.rubric import RubricSection
from grader.submission.preparing import Findings


def note_source(section: RubricSection, context: Context, findings: Findings) -> None:
    """Note what was found in the section's script.

    Findings are kept with the script's first section, so that marking others again repeats none.
    """
    own = [other.number for other in context.rubric.sections if other.script == section.script]
    if section.number == own[0]:
        for id, text in findings.get(section.script, []):  # noqa: A001
            context.note(id, section.script, text)
