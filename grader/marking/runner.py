"""How one section is judged. Each stage is a function of the section and of what it may ask:

own_answer           the check, on the student's own code
with_substitutes     the check again, with right answers in place of earlier sections that failed
explained            the misconceptions that a wrong answer shows, or else the smallest input that it fails on
whose_fault          the check on the reference, where it stumbled itself
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from assignment.expect import CheckFailed
from grader import REFERENCE
from grader.checks.context import Context
from grader.errors import StudentFault, TimedOut, WorkerCrashed
from grader.feedback.misconceptions import CATALOGUE
from grader.feedback.shrinking import smallest_failure
from grader.results import Comparison, Smallest, Status, Verdict
from grader.rubric import RubricSection
from grader.sandbox.remote import Student
from grader.sections import SCRIPTS, resolve


@dataclass(frozen=True)
class Attempt:
    """What a check came to. `answered`: what hangs or dies is not asked again to see why."""

    verdict: Verdict
    answered: bool = True

    @property
    def failed(self) -> bool:
        """Whether the answer is wrong."""
        return self.verdict.status is Status.FAILED


def run(section: RubricSection, context: Context, failed: Sequence[RubricSection] = ()) -> Attempt:
    """What a section comes to; `failed` are the sections it builds on that have failed."""
    attempt = own_answer(section, context)
    replaced = [need for need in failed if need.section.substitute]
    if not attempt.failed:
        return attempt
    if not replaced:
        return explained(section, context, attempt)
    if context.can_be_asked(section):
        attempt = with_substitutes(section, context, replaced)
    names = " and ".join(f"{need.number} ({need.title})" for need in replaced)
    note = f"Marked with the reference in place of your {names}, which failed above."
    verdict = attempt.verdict
    return replace(attempt, verdict=replace(verdict, notes=(*verdict.notes, note)))


def own_answer(section: RubricSection, context: Context) -> Attempt:
    """The check, on the scripts as the context has them."""
    try:
        context.expect_readable(section)
        remark = resolve(section.section.check)(section, context)
    except CheckFailed as failure:
        return Attempt(_verdict(failure), not isinstance(failure, TimedOut | WorkerCrashed))
    except Exception as error:
        return Attempt(whose_fault(section, context, error))
    return Attempt(Verdict(Status.PASSED, credit=1.0, got=remark or "right"))


def _verdict(failure: CheckFailed) -> Verdict:
    fault = failure if isinstance(failure, StudentFault) else None
    return Verdict(
        Status.FAILED,
        got=failure.got,
        expected=failure.expected,
        where=failure.where,
        hints=failure.hints,
        trace=fault.trace if fault else (),
        exception=fault.exception if fault else "",
        misconceptions=(failure.kind,) if failure.kind else (),
    )


def with_substitutes(
    section: RubricSection, context: Context, replaced: Sequence[RubricSection]
) -> Attempt:
    """The check with right answers in place of earlier ones, explained if it fails again."""
    names = [need.section.substitute for need in replaced]
    with _instead(context, context.student(section).with_substitutes(names)) as other:
        attempt = own_answer(section, other)
        return explained(section, other, attempt) if attempt.failed else attempt


@contextmanager
def _instead(context: Context, student: Student) -> Iterator[Context]:
    """The same context with another student in place of the one of the same script."""
    try:
        yield replace(context, students={**context.students, student.script: student})
    finally:
        student.close()


def explained(section: RubricSection, context: Context, attempt: Attempt) -> Attempt:
    """A failed attempt with what is known of the mistake: its ids and their advice, or else the smallest failing input."""
    verdict = attempt.verdict
    if attempt.answered and context.explains and not _is_named(verdict.misconceptions):
        verdict = replace(verdict, misconceptions=_diagnosed(section, context, verdict))
        if not _is_named(verdict.misconceptions):
            verdict = replace(verdict, smallest=_smallest(section, context))
    return replace(attempt, verdict=replace(verdict, hints=(*verdict.hints, *_advice(verdict))))


def _is_named(misconceptions: Sequence[str]) -> bool:
    """Whether a particular mistake is among them, not only a kind such as "wrong-shape"."""
    return any(name not in CATALOGUE or not CATALOGUE[name].general for name in misconceptions)


def _diagnosed(section: RubricSection, context: Context, verdict: Verdict) -> tuple[str, ...]:
    known = verdict.misconceptions
    if not section.section.diagnosis or not context.can_be_asked(section):
        return known
    student = context.student(section)
    student.close()  # what the check left behind must not be taken for a mistake
    try:
        with np.errstate(all="ignore"):  # wrong formulas divide by 0 and overflow
            found: tuple[str, ...] = resolve(section.section.diagnosis)(
                student.module, context.rng(section)
            )
    except Exception:  # no answer, or one that no prediction can be compared with
        return known
    if "changes-input" in known and not any(name.endswith("-in-place") for name in found):
        return known
    return found or known


def _smallest(section: RubricSection, context: Context) -> Smallest | None:
    if not section.section.inputs or not context.can_be_asked(section):
        return None
    try:
        inputs = resolve(section.section.inputs)
        return smallest_failure(inputs, context.student(section), context.rng(section))
    except Exception:  # an answer so odd that it cannot be tried on small inputs
        return None


def _advice(verdict: Verdict) -> tuple[str, ...]:
    """What the catalogue has to say; of the general kinds the check itself says enough."""
    entries = [CATALOGUE[name] for name in verdict.misconceptions if name in CATALOGUE]
    return tuple(entry.advice for entry in entries if entry.is_shown)


def whose_fault(section: RubricSection, context: Context, error: Exception) -> Verdict:
    """Whose fault an exception of the check itself is: the same check on the reference tells.

    If the check comes to a verdict there, it was the student's answer that made it stumble, and the answer is
    wrong: the points of a "grader error" must not be worth making.
    """
    if section.script and _can_judge_reference(section, context):
        return Verdict(
            Status.FAILED,
            got=f"the answer is of a kind that cannot be marked ({type(error).__name__})",
            expected="what the stub describes",
            misconceptions=("wrong-type",),
        )
    return Verdict(Status.ERROR, credit=1.0, exception=f"{type(error).__name__}: {error}")


def _can_judge_reference(section: RubricSection, context: Context) -> bool:
    scripts = {f"{script}.py": (REFERENCE / f"{script}.py").read_bytes() for script in SCRIPTS}
    own = context.student(section)
    own.close()
    server = own.server.for_scripts(scripts)
    try:
        with _instead(context, Student(section.script, server, context.rubric)) as other:
            resolve(section.section.check)(section, other)
    except CheckFailed:  # a verdict: after a training on few images, say
        return True
    except Exception:
        return False
    finally:
        server.close()
    return True


def wrong_entries(
    section: RubricSection, context: Context, attempt: Attempt
) -> tuple[Comparison, ...]:
    """Which entries of a wrong answer are wrong, where the section has any that can be shown."""
    if not section.section.entries or not attempt.answered or not context.can_be_asked(section):
        return ()
    compare = resolve(section.section.entries)
    found: tuple[Comparison, ...] = compare(context.module(section), context.rng(section))
    return found
