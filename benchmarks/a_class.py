"""Section 5: a whole class: submissions per hour, efficiency, growth of time and memory."""

from __future__ import annotations

import json
import os
from functools import partial
from importlib.util import find_spec
from typing import Any

from benchmarks.records import BenchmarkSection, BenchmarkSettings, ResultTable, Spread
from benchmarks.timing import environment, interleave, run_command

MAX_ROUNDS = 3
CHEAP = ("--sections", "1.2,1.3,1.4")
CHECKS = ("--sections", "all", "--skip-training")
TRAINING = ("--sections", "all")
TRAIN_SIZE = 6000  # of the 54,000 images, without --full
SIZES = (10, 100, 1000, 10_000)
# the largest classes that are marked without and with --full; for larger ones, only the gradebook
# is measured
MAX_MARKED, MAX_MARKED_FULL = 1000, 10_000
NOTES = (
    "Every submission is the reference solution with a unique comment, marked in the sandbox "
    "with one thread per job. Seconds run from the first task to the last result, including the "
    "start of the pool's processes, but without reading the class and the self-test of the "
    "sandbox, which happen once.",
    "Efficiency: submissions per hour, divided by the number of jobs and by the rate of one job.",
    "Growth: *marked* marks sections 1.2 to 1.4 of each submission with one job per core; "
    "*gradebook alone* gives each submission the report of one real marking, so that only "
    "reading, hashing and recording remain (the one real marking with its imports adds half a "
    "second). Memory is that of the process that keeps the gradebook. The report is written by "
    "one process for each core; the plots, which are all the same, are encoded again once.",
)  # fmt: skip


def measure(settings: BenchmarkSettings) -> BenchmarkSection:
    """Measures rates with one job and one per core, here and on a Dask cluster, then growth."""
    cores, rounds = os.cpu_count() or 1, 1 if settings.full else min(settings.repeats, MAX_ROUNDS)
    sizes = (2,) if settings.quick else SIZES
    limit = MAX_MARKED_FULL if settings.full else MAX_MARKED
    tables = [_rates(settings, cores, rounds)]
    notes = list(NOTES)
    if find_spec("distributed"):
        tables.append(_cluster(2 if settings.quick else 40, rounds))
    else:
        notes.append(
            "Not measured: Dask is not installed (pip install -e '.[cluster]' "
            "in the project's folder)."
        )
    marked = {size: batch(size, *CHEAP, "--jobs", str(cores)) for size in sizes if size <= limit}
    alone = {size: batch(size, *CHEAP, "--gradebook-alone") for size in sizes}
    tables += [_growth("marked", marked), _growth("gradebook alone", alone)]
    return BenchmarkSection(
        "A class",
        tables,
        [],
        notes,
        {"marked": [*marked.values()], "gradebook alone": [*alone.values()]},
    )


def batch(students: int, *arguments: str) -> dict[str, Any]:
    """The measurements of one batch over a class. Raises RuntimeError if marking fails."""
    cost = run_command(
        ["-m", "benchmarks.batch", "--students", str(students), *arguments], env=environment(1)
    )
    if cost.status:
        raise RuntimeError(
            f"a batch over {students} ended with status {cost.status}, "
            f"expected a mark for every submission: {cost.output}"
        )
    measured: dict[str, Any] = json.loads(cost.output.splitlines()[-1])
    return measured


def _per_hour(students: int, *arguments: str) -> float:
    return 3600 * students / float(batch(students, *arguments)["marking"])


def _rates(settings: BenchmarkSettings, cores: int, rounds: int) -> ResultTable:
    """Submissions per hour with and without training, for one job and for one per core."""
    kinds: dict[str, tuple[int, int, tuple[str, ...]]]
    if settings.quick:
        kinds = {"1.2 to 1.4": (2, 1, CHEAP)}
    else:
        size = None if settings.full else TRAIN_SIZE
        trained = TRAINING if size is None else (*TRAINING, "--train-size", str(size))
        named = (
            "everything"
            if size is None
            else f"everything, training on {size:,} of the 54,000 images"
        )
        kinds = {
            "everything but training": (4 * cores, rounds, CHECKS),
            named: (2 * cores, 1, trained),
        }
    rows = []
    for what, (students, times, arguments) in kinds.items():
        places = {
            jobs: partial(_per_hour, students, *arguments, "--jobs", str(jobs))
            for jobs in sorted({1, cores})
        }
        measured = interleave({str(jobs): act for jobs, act in places.items()}, times)
        rows += [_rate(what, students, jobs, measured[str(jobs)], measured["1"]) for jobs in places]
    return ResultTable(
        "Submissions per hour", ("marked", "submissions", "jobs", "per hour", "efficiency"), rows
    )


def _cluster(students: int, rounds: int) -> ResultTable:
    """The same class on one and two local processes, and on one and two Dask workers."""
    ways = {
        f"{words}, {count}": (count, partial(_per_hour, students, *CHEAP, option, str(count)))
        for words, option in (("our own pool", "--jobs"), ("Dask", "--workers"))
        for count in (1, 2)
    }
    measured = interleave({way: act for way, (_, act) in ways.items()}, rounds)
    rows = [
        _rate(way, students, count, measured[way], measured[way[:-1] + "1"])
        for way, (count, _) in ways.items()
    ]
    return ResultTable(
        "1.2 to 1.4 on Dask", ("processes", "submissions", "jobs", "per hour", "efficiency"), rows
    )


def _rate(
    what: str, students: int, jobs: int, rate: Spread, one: Spread
) -> tuple[str, int, int, Spread, Spread | None]:
    efficiency = Spread(tuple(ratio / jobs for ratio in (rate / one).values)) if jobs > 1 else None
    return what, students, jobs, rate, efficiency


def _growth(what: str, measured: dict[int, dict[str, Any]]) -> ResultTable:
    """One row per size; the time per submission should stay constant."""
    rows = [
        (
            f"{students:,}",
            one["handing in"],
            one["marking"],
            1000 * (one["handing in"] + one["marking"]) / students,
            one["noted"][-1][2],
            one["gradebook"] / 1e6,
            one["report"],
        )
        for students, one in measured.items()
    ]
    columns = (
        "submissions",
        "reading, s",
        "marking, s",
        "both, ms per submission",
        "memory, MB",
        "gradebook, MB",
        "report, s",
    )
    return ResultTable(f"Growth: {what}", columns, rows)
