"""What became of each mistake: fixed, still there, or another; and what is newly broken.

Nothing is run here. The sections were marked as any submission's; this compares their verdicts with
what the exam put in, and the files with those that were given.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

from grader.exam.making import Paper, PutIn, digest, without_mark
from grader.exam.record import Exam, everyones
from grader.results import SectionResult, Status
from grader.rules import Weights

# the share of lines that a fixed script has in common with the exam's; below it, it is another one
SAME = 0.6
MOST_LINES = 4000  # of a script that are compared

FIXED, THERE, OTHER = "fixed", "still there", "fails otherwise"
NOTHING = "nothing was handed in"
UNCHANGED = "the exam's files as they were given"
NOT_MARKED = "not marked"
NO_MARK = "it has not the last line of the exam's copy, and is the same otherwise"


@dataclass(frozen=True)
class Fix:
    """What became of one mistake, and what marking found there now."""

    put_in: PutIn
    state: str
    found: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What a student's answer came to.

    `broken` are sections that passed before, with the mistakes too, and fail now; `hand_in` is the
    share of the marks that the submission had earned.
    """

    id: str
    name: str
    fixes: tuple[Fix, ...] = ()
    broken: tuple[str, ...] = ()
    remarks: tuple[str, ...] = field(default_factory=tuple)
    handed_in: bool = True
    hand_in: float = 0.0

    @property
    def fixed(self) -> int:
        """How many mistakes were found and fixed."""
        return sum(fix.state == FIXED for fix in self.fixes)

    @property
    def share(self) -> float:
        """Mistakes fixed, less sections newly broken, of all mistakes: 0 to 1."""
        return max(0, self.fixed - len(self.broken)) / max(len(self.fixes), 1)

    def weighted(self, weights: Weights) -> float:
        """The mark that submission and exam give together: 0 to 1."""
        return weights.hand_in * self.hand_in + weights.exam * self.share


def nothing(paper: Paper, why: str = NOTHING) -> Answer:
    """The answer of a student who handed nothing in, or nothing that can be read."""
    fixes = tuple(Fix(one, NOT_MARKED) for one in paper.mistakes)
    return Answer(
        paper.id, paper.name, fixes, remarks=(why,), handed_in=False, hand_in=paper.hand_in
    )


def answer(
    paper: Paper,
    exam: Exam,
    scripts: Mapping[str, bytes],
    results: Mapping[str, SectionResult],
) -> Answer:
    """A student's answer: `scripts` as handed in, and the `results` of marking them by section."""
    fixes = tuple(_fix(one, results) for one in paper.mistakes)
    wanted = {section for one in paper.mistakes for section in one.mistake.sections}
    broken = tuple(
        number
        for number in paper.passed
        if number not in wanted and number in results
        and results[number].status is Status.FAILED
    )  # fmt: skip
    remarks = tuple(_remarks(paper, exam, scripts))
    return Answer(paper.id, paper.name, fixes, broken, remarks, hand_in=paper.hand_in)


def _fix(one: PutIn, results: Mapping[str, SectionResult]) -> Fix:
    result = results.get(one.mistake.section)
    if result is None or result.status is Status.ERROR:
        return Fix(one, NOT_MARKED)
    if result.status is Status.PASSED:
        return Fix(one, FIXED)
    same = one.mistake.id in result.diagnosis
    return Fix(one, THERE if same else OTHER, tuple(result.diagnosis))


def _remarks(paper: Paper, exam: Exam, scripts: Mapping[str, bytes]) -> list[str]:
    """What is odd about the files: one sentence for each."""
    owners = everyones(exam.papers)
    found = []
    given = sorted({one.script for one in paper.mistakes})
    for name in given:
        file = f"{name}.py"
        if name not in scripts:
            found.append(f"{file} was not handed in")
            continue
        source, has_mark = without_mark(scripts[name])
        given_source, _ = without_mark(paper.scripts[name])
        own = digest(source)
        others = [one for one in owners.get(own, ()) if one != paper.id]
        if own in paper.originals[name]:
            if not has_mark:  # with it, this is an exact fix
                found.append(f"{file} is the student's own file from before the exam: {NO_MARK}")
        elif own == digest(given_source):
            found.append(f"{file} is unchanged")
        elif others:
            found.append(f"{file} is a file of {_listed(others)}, line for line")
        elif _in_common(source, given_source) < SAME:
            found.append(f"{file} is another script: few lines are those that were given")
    if (
        given
        and all(remark.endswith("is unchanged") for remark in found)
        and (len(found) == len(given))
    ):
        return [UNCHANGED]
    return found


def _listed(students: list[str]) -> str:
    more = f" and {len(students) - 3} more" if len(students) > 3 else ""
    return ", ".join(students[:3]) + more


def _in_common(one: bytes, other: bytes) -> float:
    """The share of lines that two scripts have in common, whatever their order."""
    matcher = difflib.SequenceMatcher(None, _lines(one), _lines(other), autojunk=False)
    return matcher.quick_ratio()


def _lines(source: bytes) -> list[str]:
    text = source.decode("utf-8", "replace")
    return [line.strip() for line in text.splitlines() if line.strip()][:MOST_LINES]
