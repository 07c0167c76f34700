"""Make the exams of a class: for each student, mistakes that are proved in this student's code."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
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
    """A student who is examined, number `number` in the list.

    `passed` are sections, `hand_in` is the share of the marks that the submission earned, 0 to 1.
    """

    id: str
    name: str
    number: int
    submission: Submission
    passed: tuple[str, ...]
    hand_in: float = 0.0


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
    the student's own scripts. `hand_in` is the share of the marks that the submission earned.
    `problem` says why there is none.
    """

    id: str
    name: str
    scripts: dict[str, bytes] = field(default_factory=dict)
    mistakes: tuple[PutIn, ...] = ()
    passed: tuple[str, ...] = ()
    originals: dict[str, list[str]] = field(default_factory=dict)
    problem: str = ""
    hand_in: float = 0.0

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
        for one, made in _in_parallel(examinees, settings, rubric, jobs):
            found[one.id] = made
            progress(len(found))
    return [found[one.id] for one in examinees]


def _in_parallel(
    examinees: Sequence[Examinee], settings: Settings, rubric: Rubric, jobs: int
) -> Iterator[tuple[Examinee, Paper]]:
    """Each student's exam, as they are done."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(_safely, one, settings, rubric): one for one in examinees}
        try:
            for future in as_completed(futures):
                one = futures[future]
                try:
                    yield one, future.result()
                except BrokenExecutor as error:  # a process was killed
                    yield one, _not_made(one, error)
        except BaseException:  # interrupted: those that wait are not begun
            pool.shutdown(wait=False, cancel_futures=True)
            raise


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
    numbers = [
        section.number
        for section in rubric.sections
        if section.section.stands_alone
        and section.script in settings.scripts
        and section.script in own.scripts
        and section.number in examinee.passed
    ]
    if not numbers:
        return Paper(examinee.id, examinee.name, problem=NOTHING_PASSED)
    with ScriptBench(own, rubric, settings.sandbox) as bench:
        sitting = _Sitting(bench, numbers, settings.seed, Random(f"{settings.seed} {examinee.id}"))
        for meant in classes(settings.mistakes):
            sitting.put_in(meant, examinee.number)
    if not sitting.found:
        return Paper(examinee.id, examinee.name, problem=NO_CHANGE)
    sources = {name: sitting.source(name) for name in settings.scripts if name in own.scripts}
    return Paper(
        examinee.id,
        examinee.name,
        {name: marked(source) for name, source in sources.items()},
        sitting.placed(),
        tuple(numbers),
        {
            name: sorted({digest(own.scripts[name]), digest(examinee.submission.scripts[name])})
            for name in sources
        },
        hand_in=examinee.hand_in,
    )


class _Sitting:
    """A paper in the making: the scripts so far, and what was put in, by section."""

    def __init__(self, bench: ScriptBench, passed: Sequence[str], seed: int, rng: Random):
        self._bench, self._passed, self._seed, self._rng = bench, passed, seed, rng
        self._changed: dict[str, Changed] = {}
        self._verified: dict[str, bool] = {}  # by script: whether it passes again
        self.found: dict[str, tuple[str, str, str]] = {}  # script, difficulty, meant

    def put_in(self, meant: str, number: int) -> None:
        """Put in one mistake more, of the class `meant` or the nearest that has one."""
        scripts = sorted({BY_NUMBER[section].script for section in self._passed})
        for difficulty in nearest_first(meant):
            choices = candidates(
                self._bench.rubric.exam, difficulty, scripts, self._passed,
                number=number, seed=self._seed,
            )  # fmt: skip
            free = [choice for choice in choices if not self._clashes(*choice)]
            section = self._first_that_works(free[:MOST_TRIED])
            if section:
                self.found[section] = (BY_NUMBER[section].script, difficulty, meant)
                return

    def source(self, script: str) -> bytes:
        """A script as it is now."""
        changed = self._changed.get(script)
        return changed.source if changed else self._bench.submission.scripts[script]

    def placed(self) -> tuple[PutIn, ...]:
        """What was put in, from the first line to the last."""
        mistakes = [mistake for one in self._changed.values() for mistake in one.mistakes]
        found = [PutIn(mistake, *self.found[mistake.section]) for mistake in mistakes]
        return tuple(sorted(found, key=lambda one: (one.script, one.mistake.line)))

    def _clashes(self, section: str, recipe: Recipe) -> bool:
        """Whether a section, a function or an id is taken already."""
        functions = {name for number in self.found for name in functions_of(number)}
        mistakes = [mistake for one in self._changed.values() for mistake in one.mistakes]
        taken = {number for mistake in mistakes for number in mistake.sections}
        ids = {mistake.id for mistake in mistakes}
        return (
            not taken.isdisjoint({section, *recipe.also})
            or not functions.isdisjoint(functions_of(section))
            or recipe.id in ids
        )

    def _first_that_works(self, choices: Sequence[tuple[str, Recipe]]) -> str:
        """The section of the first of these mistakes that can be put in; "" if none can."""
        for section, recipe in choices:
            script = BY_NUMBER[section].script
            before = self._changed.get(script, Changed(self._bench.submission.scripts[script]))
            own = self._passing(script)
            if section not in own:
                continue
            new = with_mistake(
                self._bench, before, recipe, section, own, seed=self._seed, rng=self._rng
            )
            if new is not None:
                self._changed[script] = new
                return section
        return ""

    def _passing(self, script: str) -> list[str]:
        """The sections of a script that passed; none if one of them does not pass again."""
        own = [number for number in self._passed if BY_NUMBER[number].script == script]
        if script not in self._verified:
            source = self._bench.submission.scripts[script]
            verdicts = self._bench.mark(script, source, own, self._seed)
            self._verified[script] = all(verdicts[number].status is Status.PASSED for number in own)
        return own if self._verified[script] else []
