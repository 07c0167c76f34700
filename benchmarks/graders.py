"""Section 4: seconds to mark one submission, beside other graders that mark the same ten by the same tests."""

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
from benchmarks.peers.ours import OurBatch, OurGrade
from benchmarks.peers.scripts import Bare, Check50, Gradescope, PlainPytest
from benchmarks.records import BenchmarkSection, BenchmarkSettings, Goal, ResultTable, Spread
from benchmarks.timing import interleave
from grader.classroom.batch import expect_walls
from grader.errors import CannotGrade
from grader.marking.all_sections import mark_all
from grader.marking.marking import Marking
from grader.options import Options
from grader.rubric import load_rubric
from grader.sandbox.levels import Sandbox, choose
from grader.submission.reading import open_submission

GRADERS: tuple[type[Grader], ...] = (
    Bare, Gradescope, PlainPytest, OurBatch, Check50, OurGrade, Nbgrader, OtterInterface, OtterCommand,
)  # fmt: skip
QUICK = ("right", "stub", "in-place")
MAX_ROUNDS = 5  # a round takes a minute, most of it otter-grader's
NOTES = (
    "The same three functions (1.2, 1.3, 1.4), the same ten submissions, four of them right and one a stub, and for all graders "
    "but ours the same tests, word for word. Every verdict is compared with what the submission has earned: where one grader "
    "found otherwise, there would be no figures.",
    "Seconds from the start of a command to its end, or of ten commands, divided by ten; everything on one thread, one submission "
    "at a time. Installing, and what is done once for an assignment, is not counted.",
    "Ours draws hidden inputs, asks a wrong answer again to name the mistake, and is the only one whose submissions can reach "
    "neither the grader, nor files, nor the network, nor each other; `batch` tries those walls first, and keeps a gradebook.",
)  # fmt: skip


def measure(settings: BenchmarkSettings) -> BenchmarkSection:
    """Every grader that can be had here. Raises RuntimeError where one finds otherwise than it should."""
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
    """The graders with their files written, by title, and a sentence for each that cannot be had."""
    ready, missing = {}, []
    chosen = [kind for kind in GRADERS if not quick or kind in (PlainPytest, OurBatch, OurGrade)]
    for kind in chosen:
        try:
            python = (
                python_with(kind.requirements)
                if kind.requirements and not quick
                else Path(sys.executable)
            )
            if kind in (OurBatch, OurGrade):
                choose("auto")  # without walls it would be no comparison
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
        "seconds a submission",
        "CPU seconds",
        "÷ plain pytest",
        "÷ ours, batch",
        "isolation",
    )
    return ResultTable("A submission", columns, rows)


def _goals(wall: Mapping[str, Spread]) -> list[Goal]:
    plain = wall[PlainPytest.title]
    return [
        Goal(f"{title} / plain pytest in a process each", wall[title] / plain, at_most=1, unit="x")
        for title in (OurBatch.title, OurGrade.title)
        if title in wall
    ]


def _parts(own: OurBatch, rounds: int) -> ResultTable:
    """What the seconds of our batch are spent on, measured part by part."""
    sandbox = choose("auto")
    parts: dict[str, Callable[[], float]] = {
        "the whole": lambda: own.mark()[0] * len(own.works),
        "start": lambda: own.run(own.batch()).wall,  # everything is marked by now
        "walls": partial(_seconds, partial(expect_walls, sandbox)),
        "marking": partial(_seconds, partial(_mark_here, own, sandbox)),
    }
    measured = interleave(
        parts, rounds
    )  # reversed in every second round, when the last round's gradebook is there
    known = [measured[name].values for name in ("start", "walls", "marking")]
    rest = [
        whole - sum(others)
        for whole, *others in zip(measured["the whole"].values, *known, strict=True)
    ]
    rows = [
        ("starting the command, reading the class, finding out what is missing", measured["start"]),
        (f"the self-test of the walls ({sandbox.level})", measured["walls"]),
        (f"marking {len(own.works)} submissions", measured["marking"]),
        ("the rest: the process that marks, and the gradebook", Spread(tuple(rest))),
        ("all of it", measured["the whole"]),
    ]
    return ResultTable(f"Our batch of {len(own.works)}, seconds", ("part", "seconds"), rows)


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _mark_here(own: OurBatch, sandbox: Sandbox) -> None:
    """Mark all as a process of the batch does, without one."""
    rubric, options = load_rubric(), Options(seed=1, only=tuple(FUNCTIONS), sandbox=sandbox.level)
    for name in own.works:
        mark_all(Marking(open_submission(own.submission(name)), rubric, options))
