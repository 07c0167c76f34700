"""Make the exams of a class: for each student, mistakes that are proved in this student's code."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from random import Random

from grader.errors import NoRoom
from grader.exam.finding import Changed, Mistake, with_mistake
from grader.exam.planning import candidates, classes, nearest_first
from grader.exam.recipes import Recipe, functions_of
from grader.marking.one_script import ScriptBench
from grader.report.text import one_line
from grader.results import Status
from grader.rubric import Rubric
from grader.sections import BY_NUMBER
from grader.submission.preparing import prepared
from grader.submission.record import Submission

MOST_TRIED = 12  # mistakes, for each that a student is to get
# the last line of every script of an exam: without it, a file is from outside
MARK = "# The exam's copy of this script: keep this line."
NOTHING_PASSED = "no section of these scripts passed without training"
NO_CHANGE = "no mistake could be put into the sections that passed"


@dataclass(frozen=True)
class Settings:
    """What an exam is to be: how many mistakes each student gets, and in which scripts."""

    mistakes: int
    seed: int
    scripts: tuple[str, ...]
    sandbox: str = "auto"


@dataclass(frozen=True)
class Examinee:
    """A student who is examined, number `number` in the list. `passed` are sections."""

    id: str
    name: str
    number: int
    submission: Submission
    passed: tuple[str, ...]


@dataclass(frozen=True)
class PutIn:
    """A mistake of a paper: what and where, how hard it is, and which class was meant."""

    mistake: Mistake
    script: str
    difficulty: str
    meant: str


@dataclass(frozen=True)
class Paper:
    """One student's exam: scripts by name, and the mistakes in them.

    `passed` are the sections that passed before, of these scripts. `originals` are the hashes of
    the student's own scripts. `problem` says why there is none.
    """

    id: str
    name: str
    scripts: dict[str, bytes] = field(default_factory=dict)
    mistakes: tuple[PutIn, ...] = ()
    passed: tuple[str, ...] = ()
    originals: dict[str, list[str]] = field(default_factory=dict)
    problem: str = ""

    @property
    def remark(self) -> str:
        """What differs from the plan; "" if nothing does."""
        others = [f"{one.difficulty} for {one.meant}" for one in self.mistakes
                  if one.difficulty != one.meant]  # fmt: skip
        return f"difficulty: {', '.join(others)}" if others else ""


def digest(source: bytes) -> str:
    """A script's hash, the same for all line ends and blank ends of lines."""
    lines = [line.rstrip() for line in source.decode("utf-8", "replace").splitlines()]
    return hashlib.sha256("\n".join(lines).strip().encode()).hexdigest()


def marked(source: bytes) -> bytes:
    """A script as the exam's copy."""
    return source.rstrip() + f"\n\n{MARK}\n".encode()


def without_mark(source: bytes) -> tuple[bytes, bool]:
    """A script without the line that makes it the exam's copy, and whether it was there."""
    lines = source.splitlines(keepends=True)
    kept = [line for line in lines if line.strip() != MARK.encode()]
    return b"".join(kept), len(kept) < len(lines)


def papers(
    examinees: Sequence[Examinee],
    settings: Settings,
    rubric: Rubric,
    *,
    jobs: int = 1,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Paper]:
    """The exams of a class, in its order; `progress` is told how many are done."""
    found: dict[str, Paper] = {}
    if jobs == 1 or len(examinees) < 2:
        for one in examinees:
            found[one.id] = _safely(one, settings, rubric)
            progress(len(found))
    else:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            futures = {pool.submit(_safely, one, settings, rubric): one for one in examinees}
            for future in as_completed(futures):
                one = futures[future]
                try:
                    found[one.id] = future.result()
                except BrokenExecutor as error:  # a process was killed
                    found[one.id] = _not_made(one, error)
                progress(len(found))
    return [found[one.id] for one in examinees]


def _safely(examinee: Examinee, settings: Settings, rubric: Rubric) -> Paper:
    """One student's exam; whatever goes wrong with it costs no other."""
    try:
        return paper(examinee, settings, rubric)
    except NoRoom:  # nor would there be for the others
        raise
    except Exception as error:
        return _not_made(examinee, error)


def _not_made(examinee: Examinee, error: Exception) -> Paper:
    why = one_line(f"{type(error).__name__}: {error}")[:300]
    problem = f"the exam could not be made ({why}); run the command again with --only"
    return Paper(examinee.id, examinee.name, problem=problem)


def paper(examinee: Examinee, settings: Settings, rubric: Rubric) -> Paper:
    """One student's exam."""
    own, _, _ = prepared(examinee.submission, rubric)
    scripts = [name for name in settings.scripts if name in own.scripts]
    with ScriptBench(own, rubric, settings.sandbox) as bench:
        passed = _passed(bench, own, scripts, examinee.passed, settings.seed)
        if not passed:
            return Paper(examinee.id, examinee.name, problem=NOTHING_PASSED)
        changed, put_in = _with_mistakes(bench, own, scripts, passed, examinee, settings)
    if not put_in:
        return Paper(examinee.id, examinee.name, problem=NO_CHANGE)
    placed = tuple(
        PutIn(_latest(changed, one), one.script, one.difficulty, one.meant) for one in put_in
    )
    return Paper(
        examinee.id,
        examinee.name,
        {name: marked(script.source) for name, script in changed.items()},
        placed,
        tuple(passed),
        {
            name: sorted({digest(own.scripts[name]), digest(examinee.submission.scripts[name])})
            for name in changed
        },
    )


def _passed(
    bench: ScriptBench, own: Submission, scripts: Sequence[str], before: Sequence[str], seed: int
) -> list[str]:
    """The sections without training that passed in the class's marking, and pass now."""
    found = []
    for script in scripts:
        numbers = [one.number for one in bench.sections(script) if one.number in before]
        if numbers:
            verdicts = bench.mark(script, own.scripts[script], numbers, seed)
            found += [n for n in numbers if verdicts[n].status is Status.PASSED]
    return found


def _with_mistakes(
    bench: ScriptBench,
    own: Submission,
    scripts: Sequence[str],
    passed: Sequence[str],
    examinee: Examinee,
    settings: Settings,
) -> tuple[dict[str, Changed], list[PutIn]]:
    """The scripts with as many mistakes as wanted, in different sections."""
    changed = {name: Changed(own.scripts[name]) for name in scripts
               if any(BY_NUMBER[number].script == name for number in passed)}  # fmt: skip
    put_in: list[PutIn] = []
    rng = Random(f"{settings.seed} {examinee.number}")
    for meant in classes(settings.mistakes):
        for difficulty in nearest_first(meant):
            choices = [
                (section, recipe)
                for section, recipe in candidates(
                    bench.rubric.exam, difficulty, list(changed), passed,
                    number=examinee.number, seed=settings.seed,
                )
                if not _clashes(section, recipe, put_in)
            ]  # fmt: skip
            one = _first_that_works(bench, changed, passed, choices, settings.seed, rng)
            if one is not None:
                put_in.append(PutIn(one[0], one[1], difficulty, meant))
                break
    return changed, put_in


def _clashes(section: str, recipe: Recipe, put_in: Sequence[PutIn]) -> bool:
    """Whether a section, a function or an id is taken already."""
    taken = {one.mistake.section for one in put_in}
    functions = {name for number in taken for name in functions_of(number)}
    return (
        bool(taken & {section, *recipe.also})
        or bool(functions & set(functions_of(section)))
        or any(one.mistake.id == recipe.id for one in put_in)
    )


def _first_that_works(
    bench: ScriptBench,
    changed: dict[str, Changed],
    passed: Sequence[str],
    choices: Sequence[tuple[str, Recipe]],
    seed: int,
    rng: Random,
) -> tuple[Mistake, str] | None:
    """The first of these mistakes that can be put in, which is then in `changed`, and its script."""
    for section, recipe in choices[:MOST_TRIED]:
        script = BY_NUMBER[section].script
        own = [number for number in passed if BY_NUMBER[number].script == script]
        new = with_mistake(bench, changed[script], recipe, section, own, seed=seed, rng=rng)
        if new is not None:
            changed[script] = new
            return new.mistakes[-1], script
    return None


def _latest(changed: dict[str, Changed], one: PutIn) -> Mistake:
    """A mistake with its line as it is after those that came later."""
    return next(
        mistake
        for mistake in changed[one.script].mistakes
        if mistake.section == one.mistake.section
    )
