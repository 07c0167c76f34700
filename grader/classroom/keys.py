"""What a result depends on: a result with the same key is reused.

A key covers the submission, the parts of the rubric that marking the section reads (not its
points), the options that matter to it, and the grader's code. So changed points mark nothing. A
changed bar changes the keys of the accuracy sections; rejudging.py finds what was marked by the old
one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

from grader import GRADER, PROJECT
from grader.options import Options
from grader.rubric import Rubric
from grader.rules import RubricSection
from grader.submission.reading import Submission

# Code that shows markings or starts them, but does not affect a mark.
NOT_MARKING = (
    "classroom",
    "commands",
    "doctor",
    "handout",
    "publish",
    "questions",
    "report",
    "selftest",
    "similarity",
    "__main__.py",
    "conftest.py",
)


def content_hash(submission: Submission) -> str:
    """The hash of everything in a submission except its name."""
    digest = hashlib.sha256()
    for kind in (submission.scripts, submission.plots):
        for name, content in sorted(kind.items()):
            digest.update(f"{name} {len(content)} ".encode() + content)
        digest.update(b"|")
    digest.update(json.dumps(submission.how_read(), sort_keys=True).encode())
    return digest.hexdigest()


def marking_files() -> list[Path]:
    """The files of the code that affects marks."""
    own = [
        path
        for path in sorted(GRADER.rglob("*.py"))
        if path.relative_to(GRADER).parts[0] not in NOT_MARKING
    ]
    assignment = PROJECT / "assignment"
    hints = assignment / "hints.toml"
    return [*own, PROJECT / "utils.py", *sorted(assignment.rglob("*.py")), hints]


@cache
def grader_version() -> str:
    """The hash of the code that affects marks."""
    digest = hashlib.sha256()
    for path in marking_files():
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def rubric_hash(rubric: Rubric) -> str:
    """The hash of the whole rubric, including points."""
    return _hash(asdict(rubric))


class SectionKeys:
    """The keys of the results of `sections`, marked by one rubric at the level `sandbox`.

    `options` are those of a whole class; seed and attempt may differ between submissions.
    """

    def __init__(
        self, rubric: Rubric, sections: Iterable[RubricSection], options: Options, sandbox: str
    ):
        # once for a class: collecting the rules takes longer than reading a submission
        self._rules = {
            section.number: _hash(
                [grader_version(), sandbox, *_of_section(rubric, section, options)]
            )
            for section in sections
        }

    def of(self, work: str, options: Options) -> dict[str, str]:
        """The keys of the submission with hash `work`, by section number."""
        return {
            number: _hash([work, options.drawn_from, rules])
            for number, rules in self._rules.items()
        }


def _of_section(rubric: Rubric, section: RubricSection, options: Options) -> list[Any]:
    by_training = section.training or section.section.reads_curves
    limits = asdict(rubric.limits)
    seconds = limits.pop("train_seconds")
    rules: list[Any] = [
        asdict(replace(section, points=0)),
        limits,
        sorted(rubric.imports.items()),
        rubric.forbidden,
    ]
    rules += [_of_section(rubric, rubric.by_number[need], options) for need in section.needs]
    if by_training and trains(rubric, section.script, options):
        rules += [seconds[section.script], asdict(rubric.training), rubric.bars[section.script]]
        rules += [options.train_size, options.audit, options.device]
    if section.section.reads_curves:
        rules += [asdict(rubric.judgement)]
    return rules


def trains(rubric: Rubric, script: str, options: Options) -> bool:
    """Whether a script is trained with these options."""
    return any(
        section.script == script and section.training
        for section in rubric.select(list(options.only), options.skip_training)
    )


def to_mark(rubric: Rubric, missing: list[str], options: Options) -> tuple[str, ...]:
    """The sections to mark so that `missing` ones get the same results as when all are marked."""
    wanted = set(missing)
    for section in rubric.select(list(options.only), options.skip_training):
        curves = {
            s.number
            for s in rubric.sections
            if s.script == section.script and s.section.reads_curves
        }
        if section.training and curves & wanted:
            wanted.add(section.number)
    return tuple(section.number for section in rubric.sections if section.number in wanted)


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
