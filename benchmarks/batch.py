"""Measures one batch over a generated class; prints seconds, memory and gradebook size as JSON.

    python -m benchmarks.batch --students 1000 --sections 1.2,1.3 [--jobs 2 | --workers 2]
    [--train-size 500] python -m benchmarks.batch --students 10000 --gradebook-alone

Each job has one thread. With `--workers`, the workers of a Dask cluster mark. With
`--gradebook-alone`, only the first submission is marked and all others get its report, so that the
time is that of the main process (reading, hashing, SQLite). Memory is that of the main process
after a tenth, half and all of the submissions. The self-test of the sandbox is left out. Then the
report of the class is written, with `--jobs` processes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from grader import REFERENCE
from grader.classroom.batch import Batch
from grader.classroom.gradebook import Gradebook
from grader.classroom.job import Done, Task, mark
from grader.classroom.pools import Cluster, DaskPool, LocalPool, Pool
from grader.classroom.progress import Progress
from grader.classroom.reports.build import build
from grader.options import Options
from grader.rubric import load_rubric
from grader.sandbox.levels import choose


class OneAnswerPool:
    """A pool that marks the first task and returns its result for all others."""

    jobs = 2

    def __init__(self) -> None:
        self.answer: Done | None = None

    def submit(self, task: Task) -> Future[Done]:
        self.answer = self.answer or mark(task)
        future: Future[Done] = Future()
        future.set_result(self.answer)
        return future

    def end(self, future: Future[Done]) -> bool:
        return False

    def close(self, *, now: bool) -> None:
        pass


class SampledProgress(Progress):
    """Prints nothing; records the number of marked submissions, seconds and memory three times."""

    def __init__(self, total: int):
        # open until the process ends
        super().__init__(total, Path(os.devnull).open("w"))  # noqa: SIM115
        self.noted: list[tuple[int, float, float]] = []
        self.started = time.perf_counter()

    def end(self, label: str, outcome: str, *, failed: bool = False, known: bool = False) -> None:
        super().end(label, outcome, failed=failed, known=known)
        if self.done in (self.total // 10, self.total // 2, self.total):
            self.noted.append((self.done, time.perf_counter() - self.started, memory()))


def memory() -> float:
    """Resident memory of this process in megabytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1000


def write_class(folder: Path, students: int) -> None:
    """Writes submissions that are the reference solution with different last lines."""
    files = {
        path.name: path.read_bytes()
        for path in REFERENCE.iterdir()
        if path.suffix in (".py", ".png")
    }
    for number in range(students):
        own = folder / f"student{number:05}"
        own.mkdir(parents=True)
        for name, content in files.items():
            (own / name).write_bytes(
                content + f"# {number}\n".encode() if name.endswith(".py") else content
            )


@contextmanager
def pool(given: argparse.Namespace) -> Iterator[Pool]:
    """The pool that runs the tasks."""
    if given.gradebook_alone:
        yield OneAnswerPool()
    elif given.workers:
        from distributed import LocalCluster

        with LocalCluster(
            n_workers=given.workers, threads_per_worker=1, dashboard_address=None
        ) as cluster:
            yield DaskPool(Cluster(cluster.scheduler_address), given.workers, "cpu")
    else:
        yield LocalPool(given.jobs)


def run(given: argparse.Namespace, folder: Path) -> dict[str, object]:
    """Reads and marks the class; returns the measurements."""
    only = () if given.sections == "all" else tuple(given.sections.split(","))
    options = Options(
        seed=1, only=only, train_size=given.train_size, skip_training=given.skip_training
    )
    write_class(folder / "class", given.students)
    with Gradebook(folder / "grades.db", create=True) as gradebook:
        batch = Batch(gradebook, load_rubric(), options, choose("auto"))
        started = time.perf_counter()
        jobs = batch.take_in(folder / "class", [])
        taken = time.perf_counter() - started
        with pool(given) as places:
            progress = SampledProgress(len(jobs))
            batch.run(jobs, places, progress)
        started = time.perf_counter()
        build(gradebook, folder / "report", jobs=given.jobs)
        reported = time.perf_counter() - started
    return {
        "students": given.students,
        "handing in": taken,
        "marking": progress.noted[-1][1],
        "noted": progress.noted,
        "report": reported,
        "marked": batch.tally.marked - batch.tally.failed,
        "gradebook": (folder / "grades.db").stat().st_size,
    }


def main() -> int:
    """Prints the measurements; returns 0 if every submission could be marked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--students", type=int, default=100)
    parser.add_argument(
        "--sections", default="1.2,1.3,1.4,1.5,1.6", help="comma-separated numbers, or all"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--workers", type=int, help="use this many Dask workers instead of --jobs")
    parser.add_argument("--train-size", type=int)
    parser.add_argument("--skip-training", action="store_true")
    parser.add_argument("--gradebook-alone", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = run(given, Path(folder))
    print(json.dumps(measured))
    return 0 if measured["marked"] == given.students else 1


if __name__ == "__main__":
    sys.exit(main())
