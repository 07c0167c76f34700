"""How one section is judged. Each stage is a function of the section and its context:

own_answer        run the check on the student's own code
with_substitutes  run it again, with right answers in place of earlier sections that failed
explained         find the misconceptions that a wrong answer shows, or the smallest failing
                  input
whose_fault       run it on the reference, if the check itself raised an exception
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from assignment.expect import CheckFailed
from assignment.hints import ladder
from grader import REFERENCE
from grader.checks.context import Context
from grader.errors import NoRoom, StudentFault, TimedOut, WorkerCrashed
from grader.feedback.misconceptions import CATALOGUE
from grader.feedback.shrinking import smallest_failure
from grader.marking.alone import MACHINE
from grader.marking.own_words import without_own_words
from grader.oracle.stand_ins import STAND_INS
from grader.results import ComparedArray, Smallest, Status, Verdict
from grader.rules import RubricSection
from grader.sandbox.remote import StudentScript
from grader.sections import SCRIPTS, resolve

EXPLAINING_PATIENCE = 0.25  # times the limit: the check itself has been answered in time
TOGETHER = "the calls of this section together"
BUSY = "the machine was too busy to answer within the time limit"


@dataclass(frozen=True)
class Attempt:
    """The outcome of a check.

    `answered` is False for code that hung or crashed, which is not run again. `comparisons` show
    the wrong entries that the verdict speaks of.
    """

    verdict: Verdict
    answered: bool = True
    comparisons: tuple[ComparedArray, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether the answer is wrong."""
        return self.verdict.status is Status.FAILED


def run(section: RubricSection, context: Context, failed: Sequence[RubricSection] = ()) -> Attempt:
    """The outcome of a section; `failed` are the failed sections that it builds on."""
    with context.clock.step(context.rubric.limits.section_seconds, TOGETHER):
        attempt = _run(section, context, failed)
    if not attempt.failed:
        return attempt
    return replace(attempt, verdict=with_ladder(section, attempt.verdict))


def with_ladder(section: RubricSection, verdict: Verdict) -> Verdict:
    """A failed verdict with three hints; what the check itself said is part of the first."""
    first, *others = ladder(verdict.misconceptions, section.hints)
    first = " ".join(dict.fromkeys([*verdict.hints, first]))
    return replace(verdict, hints=(first, *others))


def _run(section: RubricSection, context: Context, failed: Sequence[RubricSection]) -> Attempt:
    replaced = [need for need in failed if need.section.substitute]
    # a section that may be marked again needs time for that
    seconds = context.clock.current.left / (2 if replaced else 1)
    with context.clock.step(seconds, TOGETHER):
        attempt = own_answer(section, context)
    if not attempt.failed:
        return attempt
    if not replaced:
        return explained(section, context, attempt)
    if context.can_be_asked(section):
        attempt = with_substitutes(section, context, replaced)
    names = " and ".join(f"{need.number} ({need.title})" for need in replaced)
    note = f"Marked with the reference solution in place of your {names}, which failed above."
    verdict = attempt.verdict
    return replace(attempt, verdict=replace(verdict, notes=(*verdict.notes, note)))


def own_answer(section: RubricSection, context: Context) -> Attempt:
    """The outcome of the check on the scripts of the context."""
    attempt = _checked(section, context)
    starved = [student for student in _asked(section, context) if student.was_starved]
    return _repeated_alone(section, context, starved) if attempt.failed and starved else attempt


def _asked(section: RubricSection, context: Context) -> list[StudentScript]:
    """The scripts that a check asks; the checklist asks all."""
    return [context.student(section)] if section.script else list(context.students.values())


def _checked(section: RubricSection, context: Context) -> Attempt:
    try:
        context.expect_readable(section)
        remark = resolve(section.section.check)(section, context)
    except CheckFailed as failure:
        answered = not isinstance(failure, TimedOut | WorkerCrashed)
        return Attempt(failed_verdict(section, failure), answered, _comparisons(failure))
    except NoRoom:  # nothing more can be marked
        raise
    except Exception as error:
        return Attempt(whose_fault(section, context, error))
    return Attempt(passed_verdict(remark))


def _repeated_alone(
    section: RubricSection, context: Context, starved: Sequence[StudentScript]
) -> Attempt:
    """The outcome of a check whose first run waited for a processor, from a second run."""
    for student in starved:
        student.forget_starving()
        student.excuses_waiting = True
        context.trainings.forget_failure(student)
        context.note("busy-machine", student.script, f"{section.number} was marked again: {BUSY}")
    seconds = context.rubric.limits.section_seconds
    try:
        with MACHINE.alone(), context.clock.step(seconds, TOGETHER, apart=True):
            return _checked(section, context)
    finally:
        for student in starved:
            student.excuses_waiting = student.was_starved = False


def passed_verdict(remark: str | None) -> Verdict:
    """The verdict on a check that found nothing wrong."""
    return Verdict(Status.PASSED, credit=1.0, got=remark or "right")


def failed_verdict(section: RubricSection, failure: CheckFailed) -> Verdict:
    """The verdict on a check that raised `failure`, without the ladder of hints."""
    fault = failure if isinstance(failure, StudentFault) else None
    right = _credited(section, failure)
    credit = len(right) / len(section.section.parts) if right else 0.0
    return Verdict(
        Status.FAILED,
        credit=credit,
        notes=(_credit_in_words(right, credit),) if right else (),
        got=failure.got,
        expected=failure.expected,
        where=failure.where,
        hints=failure.hints,
        trace=fault.trace if fault else (),
        exception=fault.exception if fault else "",
        misconceptions=failure.kinds,
    )


def _credited(section: RubricSection, failure: CheckFailed) -> list[str]:
    """The parts of a wrong answer that earn points."""
    if section.credit == "all or nothing":
        return []
    return [name for name in section.section.parts if failure.parts.get(name)]


def _credit_in_words(right: Sequence[str], credit: float) -> str:
    """Which parts earn points. The number of points may change later, and stands elsewhere."""
    listed = " and ".join([", ".join(right[:-1]), right[-1]] if len(right) > 1 else right)
    verbs = ("are", "earn") if len(right) > 1 else ("is", "earns")
    return f"{listed} {verbs[0]} right in every case and {verbs[1]} {credit:.0%} of the points."


def _comparisons(failure: CheckFailed) -> tuple[ComparedArray, ...]:
    return tuple(
        ComparedArray(
            name,
            tuple(tuple(map(bool, row)) for row in one.wrong),
            one.shape,
            one.origin,
            _rounded(one.got),
            _rounded(one.expected),
        )
        for name, one in failure.wrong.items()
    )


def _rounded(values: np.ndarray | None) -> tuple[tuple[str, ...], ...]:
    rows = () if values is None else values
    # to three digits: enough to see what is wrong, and too few to be handed in as the answer
    return tuple(tuple(f"{float(value) + 0.0:.3g}" for value in row) for row in rows)


def with_substitutes(
    section: RubricSection, context: Context, replaced: Sequence[RubricSection]
) -> Attempt:
    """The outcome with right answers in place of earlier ones, explained if it fails again.

    If it fails with those in place of the failed sections, the other needs are replaced too: a
    `relu` may be right only together with a wrong `relu_derivative`. The better outcome counts.
    """
    needs = [context.rubric.by_number[number] for number in section.needs]
    # each once: 2.1 and 2.2 have the same
    some, all_of_them = (
        dict.fromkeys(need.section.substitute for need in chosen if need.section.substitute)
        for chosen in (replaced, needs)
    )
    first = _with_substitutes(section, context, some)
    if not first.failed or not first.answered or some.keys() == all_of_them.keys():
        return first
    second = _with_substitutes(section, context, all_of_them)
    return second if second.verdict.credit > first.verdict.credit else first


def _with_substitutes(section: RubricSection, context: Context, names: Iterable[str]) -> Attempt:
    stand_ins = [STAND_INS[name] for name in names]
    with _instead(context, context.student(section).with_stand_ins(stand_ins)) as other:
        attempt = own_answer(section, other)
        attempt = explained(section, other, attempt) if attempt.failed else attempt
    if any(stand_in.readable for stand_in in stand_ins):
        return replace(attempt, verdict=without_own_words(attempt.verdict))
    return attempt


@contextmanager
def _instead(context: Context, student: StudentScript) -> Iterator[Context]:
    """The same context with another student for the same script."""
    try:
        yield replace(context, students={**context.students, student.script: student})
    finally:
        student.close()


def explained(section: RubricSection, context: Context, attempt: Attempt) -> Attempt:
    """The failed attempt with misconceptions, or with the smallest failing input."""
    if attempt.answered and context.explains and not _is_named(attempt.verdict.misconceptions):
        return _probed(section, context, attempt)
    return attempt


def _probed(section: RubricSection, context: Context, attempt: Attempt) -> Attempt:
    """The attempt after further questions, which end with the first that is not answered."""
    verdict, student = attempt.verdict, context.students.get(section.script)
    if student is None:
        return attempt
    before, patience = student.time_outs, student.patience
    student.patience = EXPLAINING_PATIENCE
    try:
        verdict = replace(verdict, misconceptions=_diagnosed(section, context, verdict))
        if not _is_named(verdict.misconceptions) and student.time_outs == before:
            verdict = replace(verdict, smallest=_smallest(section, context))
    finally:
        student.patience, student.was_starved = patience, False
    return replace(attempt, verdict=verdict, answered=student.time_outs == before)


def diagnosed(section: RubricSection, context: Context, verdict: Verdict) -> tuple[str, ...]:
    """The misconceptions behind a wrong answer, without a search for the smallest failing input."""
    if _is_named(verdict.misconceptions):
        return verdict.misconceptions
    return _diagnosed(section, context, verdict)


def _is_named(misconceptions: Sequence[str]) -> bool:
    """Whether they include a specific mistake, not only a general kind such as "wrong-shape"."""
    return any(name not in CATALOGUE or not CATALOGUE[name].general for name in misconceptions)


def _diagnosed(section: RubricSection, context: Context, verdict: Verdict) -> tuple[str, ...]:
    known = verdict.misconceptions
    if not section.section.diagnosis or not context.can_be_asked(section):
        return known
    student = context.student(section)
    student.close()  # state that the check left behind must not look like a mistake
    try:
        with np.errstate(all="ignore"):  # wrong formulas may divide by 0 or overflow
            found: tuple[str, ...] = resolve(section.section.diagnosis)(
                student.module, context.rng(section)
            )
    except Exception:  # no answer, or one that cannot be compared with a prediction
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
    except Exception:  # an answer that cannot be tried on small inputs at all
        return None


def whose_fault(section: RubricSection, context: Context, error: Exception) -> Verdict:
    """The verdict on a check that raised an exception itself, found by running it on the reference.

    If the check reaches a verdict there, the student's answer caused the exception and is wrong:
    provoking a "grader error" must not earn points.
    """
    if section.script and _can_judge_reference(section, context):
        return Verdict(
            Status.FAILED,
            got=f"the answer cannot be marked ({type(error).__name__})",
            expected="an answer as the stub describes it",
            misconceptions=("wrong-type",),
        )
    return Verdict(Status.ERROR, credit=1.0, exception=f"{type(error).__name__}: {error}")


def _can_judge_reference(section: RubricSection, context: Context) -> bool:
    scripts = {f"{script}.py": (REFERENCE / f"{script}.py").read_bytes() for script in SCRIPTS}
    own = context.student(section)
    own.close()
    server = own.server.for_scripts(scripts)
    try:
        with _instead(context, StudentScript(section.script, server, context.rubric)) as other:
            resolve(section.section.check)(section, other)
    except NoRoom:
        raise
    except CheckFailed:  # a verdict too, such as a missed bar after training on few images
        return True
    except Exception:
        return False
    finally:
        server.close()
    return True
