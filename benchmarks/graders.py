"""Section 4: time to mark a submission, compared with other graders on the same ten submissions."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from benchmarks.peers.assignment import FUNCTIONS, SUBMISSIONS, PeerSubmission
from benchmarks.peers.environments import Unavailable, python_with
from benchmarks.peers.grading import Grader
from benchmarks.peers.notebooks import Nbgrader, OtterCommand, OtterInterface
from benchmarks.peers.ours import OurBatch, OurGrade, OurPytest
from benchmarks.peers.scripts import Bare, Check50, Gradescope, PlainPytest
from benchmarks.records import BenchmarkSection, BenchmarkSettings, Goal, ResultTable, Spread
from benchmarks.timing import interleave
from grader.classroom.batch import expect_working_sandbox
from grader.errors import CannotGrade
from grader.marking.marking import Marking
from grader.options import Options
from grader.rubric import load_rubric
from grader.sandbox.levels import Sandbox, choose
from grader.submission.reading import open_submission

GRADERS: tuple[type[Grader], ...] = (
    Bare, Gradescope, PlainPytest, OurBatch, Check50, OurGrade, OurPytest, Nbgrader,
    OtterInterface, OtterCommand,
)  # fmt: skip
OURS = (OurBatch, OurGrade, OurPytest)
QUICK = ("right", "stub", "in-place")
MAX_ROUNDS = 5  # a round takes a minute, most of it for otter-grader
NOTES = (
    "All graders mark the same three functions (1.2, 1.3, 1.4) of the same ten submissions, four "
    "of them correct and one a stub; all graders except ours use exactly the same tests. Every "
    "verdict is compared with the expected one: a wrong verdict invalidates the benchmark.",
    "Seconds from start to end of one command, or of ten commands, divided by ten, with one "
    "thread and one submission at a time. Installation and the one-time setup of an assignment "
    "are not included.",
    "Ours draws hidden inputs, calls wrong functions again to diagnose the mistake, and is the "
    "only one whose submissions cannot reach the grader, files, the network or each other; "
    "`batch` also tests its sandbox first and keeps a gradebook.",
)


def measure(settings: BenchmarkSettings) -> BenchmarkSection:
    """Measures every available grader. Raises RuntimeError if one returns a wrong verdict."""
    works = {name: SUBMISSIONS[name] for name in QUICK} if settings.quick else SUBMISSIONS
    rounds = min(settings.repeats, MAX_ROUNDS)
    with tempfile.TemporaryDirectory() as folder:
        graders, missing = _ready(works, Path(folder), quick=settings.quick)
        cpu: dict[str, list[float]] = {title: [] for title in graders}
        wall = interleave(
            {title: partial(_mark, grader, cpu[title]) for title, grader in graders.items()}, rounds
        )
        tables = [_table(graders, wall, cpu)]
        own = graders.get(OurBatch.title)
        if isinstance(own, OurBatch):
            tables.append(_parts(own, rounds))
    return BenchmarkSection("Against other graders", tables, _goals(wall), [*NOTES, *missing])


def _ready(
    works: Mapping[str, PeerSubmission], folder: Path, *, quick: bool
) -> tuple[dict[str, Grader], list[str]]:
    """The available graders by title, with their files, and a note for each unavailable one."""
    ready, missing = {}, []
    chosen = [kind for kind in GRADERS if not quick or kind in (PlainPytest, *OURS)]
    for kind in chosen:
        try:
            python = (
                python_with(kind.requirements)
                if kind.requirements and not quick
                else Path(sys.executable)
            )
            if kind in OURS:
                choose("auto")  # raises CannotGrade without a sandbox
            ready[kind.title] = kind(works, folder / kind.__name__, python)
            ready[kind.title].write()
        except (Unavailable, CannotGrade) as error:
            missing.append(f"Not measured: {kind.title} ({error}).")
    return ready, missing


def _mark(grader: Grader, cpu: list[float]) -> float:
    wall, used = grader.mark()
    cpu.append(used)
    return wall


def _table(
    graders: Mapping[str, Grader], wall: Mapping[str, Spread], cpu: Mapping[str, list[float]]
) -> ResultTable:
    plain, own = wall[PlainPytest.title], wall.get(OurBatch.title)
    rows = [
        (
            title,
            wall[title],
            Spread(tuple(cpu[title])),
            wall[title] / plain,
            wall[title] / own if own else None,
            grader.isolation,
        )
        for title, grader in graders.items()
    ]
    columns = (
        "grader",
        "seconds per submission",
        "CPU seconds",
        "÷ plain pytest",
        "÷ ours, batch",
        "isolation",
    )
    return ResultTable("One submission", columns, rows)


def _goals(wall: Mapping[str, Spread]) -> list[Goal]:
    plain = wall[PlainPytest.title]
    return [
        Goal(
            f"{title} / plain pytest in a process each",
            wall[title] / plain,
            at_most=most,
            unit="x",
        )
        for title, most in ((OurBatch.title, 1), (OurGrade.title, 1.2), (OurPytest.title, 2))
        if title in wall
    ]


def _parts(own: OurBatch, rounds: int) -> ResultTable:
    """The parts of the time that our batch takes."""
    sandbox = choose("auto")
    parts: dict[str, Callable[[], float]] = {
        "total": lambda: own.mark()[0] * len(own.works),
        "start": lambda: own.run(own.batch()).wall,  # all submissions are already marked
        "self-test": partial(_seconds, partial(expect_working_sandbox, sandbox)),
        "marking": partial(_seconds, partial(_mark_here, own, sandbox)),
    }
    # every second round is reversed and starts with the gradebook of the round before
    measured = interleave(parts, rounds)
    known = [measured[name].values for name in ("start", "self-test", "marking")]
    rest = [
        whole - sum(others) for whole, *others in zip(measured["total"].values, *known, strict=True)
    ]
    rows = [
        (
            "starting the command, reading the class, finding unmarked submissions",
            measured["start"],
        ),
        (f"the self-test of the sandbox ({sandbox.level})", measured["self-test"]),
        (f"marking {len(own.works)} submissions", measured["marking"]),
        ("the rest: the worker process and the gradebook", Spread(tuple(rest))),
        ("total", measured["total"]),
    ]
    return ResultTable(f"Our batch of {len(own.works)}, seconds", ("part", "seconds"), rows)


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _mark_here(own: OurBatch, sandbox: Sandbox) -> None:
    """Marks all submissions in this process, as a worker of the batch does."""
    rubric, options = load_rubric(), Options(seed=1, only=tuple(FUNCTIONS), sandbox=sandbox.level)
    for name in own.works:
        Marking(open_submission(own.submission(name)), rubric, options).mark_all()
