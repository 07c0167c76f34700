"""The scripts as they are marked: without the imports and statements that the rule leaves out."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, replace

from assignment.imports import Rule
from assignment.parts import PARTS
from assignment.sources import EncodingError, decoded
from grader.rubric import Rubric
from grader.submission.parsing import ask
from grader.submission.record import Submission


def import_rule(rubric: Rubric, script: str, *, notebook: bool = False) -> Rule:
    """What a script may import."""
    needed = PARTS[script].needed
    return Rule(rubric.imports[script], rubric.forbidden, needed, notebook=notebook)


Findings = dict[str, list[tuple[str, str]]]  # by script: ids and texts of notes


def prepared(
    submission: Submission, rubric: Rubric
) -> tuple[Submission, tuple[str, ...], Findings]:
    """The submission with its scripts as they are marked, and a remark on each thing left out.

    The findings are for the instructor: data in the source, and what decodes it.
    A script that cannot be parsed stays as it is: the worker says where and why.
    """
    asked = {}
    for script, source in submission.scripts.items():
        with contextlib.suppress(EncodingError):
            rule = import_rule(rubric, script, notebook=submission.is_notebook(script))
            asked[script] = {"source": decoded(source), **asdict(rule)}
    found = ask("prepare", scripts=asked) if asked else {}
    scripts = {script: answer["source"].encode() for script, answer in found.items()}
    remarks = tuple(
        f"{submission.taken.get(f'{script}.py', f'{script}.py')}, {remark}."
        for script, answer in found.items()
        for remark in answer["remarks"]
    )
    findings = {
        script: [(str(id), str(text)) for id, text in answer["findings"]]  # noqa: A001
        for script, answer in found.items()
    }
    return replace(submission, scripts={**submission.scripts, **scripts}), remarks, findings
