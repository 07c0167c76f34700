"""Section 5: a whole class: submissions an hour, what more jobs bring, and how time and memory grow with the class."""

from __future__ import annotations

import json
import os
from functools import partial
from importlib.util import find_spec
from typing import Any

from benchmarks.records import BenchmarkSection, BenchmarkSettings, ResultTable, Spread
from benchmarks.timing import environment, interleave, run_command

MAX_ROUNDS = 3  # at most, of what is compared
CHEAP = ("--sections", "1.2,1.3,1.4")
CHECKS = ("--sections", "all", "--skip-training")
TRAINING = ("--sections", "all")
TRAIN_SIZE = 6000  # of the 54,000 images, unless everything is asked for
SIZES = (10, 100, 1000, 10_000)
# the largest classes that are marked, usually and with --full; larger ones cost their gradebook alone
MAX_MARKED, MAX_MARKED_FULL = 1000, 10_000
NOTES = (
    "Every submission is the reference with a remark of its own, marked behind the sandbox, one thread a job. Seconds from the "
    "first task to the last result, the start of the pool's processes included; handing in and the self-test of the walls, which "
    "happen once, are not.",
    "Efficiency: submissions an hour, divided by the number of jobs and by those of one job.",
    "Growth: *marked* is 1.2 to 1.4 of each submission, with a job for each core; *gradebook alone* gives each the report of one "
    "real marking, so that only reading, hashing and recording is left (that marking and what it imports is in the figures: half "
    "a second). Memory is that of the process that keeps the gradebook.",
)  # fmt: skip


def measure(settings: BenchmarkSettings) -> BenchmarkSection:
    """Rates of one job and of one for each core, here and on a Dask cluster, then growth."""
    cores, rounds = os.cpu_count() or 1, 1 if settings.full else min(settings.repeats, MAX_ROUNDS)
    sizes = (2,) if settings.quick else SIZES
    limit = MAX_MARKED_FULL if settings.full else MAX_MARKED
    tables = [_rates(settings, cores, rounds)]
    notes = list(NOTES)
    if find_spec("distributed"):
        tables.append(_cluster(2 if settings.quick else 40, rounds))
    else:
        notes.append(
            "Not measured: Dask, which is not installed (pip install 'fashion-network-assignment[cluster]')."
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
    """What a batch over a class of that size measured of itself. Raises RuntimeError unless all could be marked."""
    cost = run_command(
        ["-m", "benchmarks.batch", "--students", str(students), *arguments], env=environment(1)
    )
    if cost.status:
        raise RuntimeError(
            f"a batch over {students} ended with status {cost.status}, expected a mark for everybody: {cost.output}"
        )
    measured: dict[str, Any] = json.loads(cost.output.splitlines()[-1])
    return measured


def _an_hour(students: int, *arguments: str) -> float:
    return 3600 * students / float(batch(students, *arguments)["marking"])


def _rates(settings: BenchmarkSettings, cores: int, rounds: int) -> ResultTable:
    """With training and without, one job and one for each core."""
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
            jobs: partial(_an_hour, students, *arguments, "--jobs", str(jobs))
            for jobs in sorted({1, cores})
        }
        measured = interleave({str(jobs): act for jobs, act in places.items()}, times)
        rows += [_rate(what, students, jobs, measured[str(jobs)], measured["1"]) for jobs in places]
    return ResultTable(
        "Submissions an hour", ("marked", "submissions", "jobs", "an hour", "efficiency"), rows
    )


def _cluster(students: int, rounds: int) -> ResultTable:
    """The same class on processes of this machine and on workers of a Dask cluster, one and two of each."""
    ways = {
        f"{words}, {count}": (count, partial(_an_hour, students, *CHEAP, option, str(count)))
        for words, option in (("our own pool", "--jobs"), ("Dask", "--workers"))
        for count in (1, 2)
    }
    measured = interleave({way: act for way, (_, act) in ways.items()}, rounds)
    rows = [
        _rate(way, students, count, measured[way], measured[way[:-1] + "1"])
        for way, (count, _) in ways.items()
    ]
    return ResultTable(
        "1.2 to 1.4 on Dask", ("processes", "submissions", "jobs", "an hour", "efficiency"), rows
    )


def _rate(
    what: str, students: int, jobs: int, rate: Spread, one: Spread
) -> tuple[str, int, int, Spread, Spread | None]:
    efficiency = Spread(tuple(ratio / jobs for ratio in (rate / one).values)) if jobs > 1 else None
    return what, students, jobs, rate, efficiency


def _growth(what: str, measured: dict[int, dict[str, Any]]) -> ResultTable:
    """A row for each size; seconds a submission must stay, or time grows faster than the class."""
    rows = [
        (
            f"{students:,}",
            one["handing in"],
            one["marking"],
            1000 * (one["handing in"] + one["marking"]) / students,
            one["noted"][-1][2],
            one["gradebook"] / 1e6,
        )
        for students, one in measured.items()
    ]
    columns = (
        "submissions",
        "handing in, s",
        "marking, s",
        "both, ms a submission",
        "memory, MB",
        "gradebook, MB",
    )
    return ResultTable(f"Growth: {what}", columns, rows)
