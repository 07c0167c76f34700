"""How a batch grows with the class: submissions an hour, memory of the parent, and what the gradebook itself costs.

    .venv/bin/python -P benchmarks/batch.py --students 1000 --sections 1.2,1.3 [--jobs 2] [--train-size 500]
    .venv/bin/python -P benchmarks/batch.py --students 10000 --gradebook-alone

With --gradebook-alone nothing is marked: every task gets the report of one real marking at once, so all the time is the
driver's own (reading, hashing, SQLite). Memory is the parent's, sampled at a tenth, at half and at the end.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from concurrent.futures import Future
from pathlib import Path

from grader.classroom.batch import Batch
from grader.classroom.gradebook import Gradebook
from grader.classroom.job import Done, Task, mark
from grader.classroom.pools import LocalPool
from grader.classroom.progress import Progress
from grader.marking import Options
from grader.rubric import load_rubric
from grader.sandbox import choose

REFERENCE = Path(__file__).resolve().parent.parent / "grader" / "reference"


class Answered:
    """A pool that marks the first task and gives its report to all others."""

    jobs = 2

    def __init__(self) -> None:
        self.answer: Done | None = None

    def submit(self, task: Task) -> Future[Done]:
        self.answer = self.answer or mark(task)
        future: Future[Done] = Future()
        future.set_result(self.answer)
        return future

    def close(self, *, now: bool) -> None:
        pass


class Sampled(Progress):
    """Says nothing, and notes the time and the parent's memory on the way."""

    def __init__(self, total: int):
        super().__init__(total, Path(os.devnull).open("w"))  # noqa: SIM115 - open until the benchmark ends
        self.at = {max(1, total // 10): "a tenth", max(1, total // 2): "half", total: "the end"}
        self.started = time.perf_counter()

    def end(self, label: str, outcome: str, *, failed: bool = False) -> None:
        super().end(label, outcome, failed=failed)
        if self.done in self.at:
            seconds = time.perf_counter() - self.started
            rate = 3600 * self.done / seconds
            held = f"parent holds {memory():.0f} MB, {self.failed} failed"
            print(f"{self.at[self.done]:>8}: {self.done} in {seconds:.1f} s, {rate:.0f} an hour, {held}", flush=True)


def memory() -> float:
    """Megabytes that this process holds."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1000


def write_class(folder: Path, students: int) -> None:
    """So many submissions, each the reference with another last line."""
    files = {path.name: path.read_bytes() for path in REFERENCE.iterdir() if path.suffix in (".py", ".png")}
    for number in range(students):
        own = folder / f"student{number:05}"
        own.mkdir(parents=True)
        for name, content in files.items():
            (own / name).write_bytes(content + f"# {number}\n".encode() if name.endswith(".py") else content)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=100)
    parser.add_argument("--sections", default="1.2,1.3,1.4,1.5,1.6")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--train-size", type=int)
    parser.add_argument("--skip-training", action="store_true")
    parser.add_argument("--gradebook-alone", action="store_true")
    given = parser.parse_args()
    only = () if given.sections == "all" else tuple(given.sections.split(","))
    options = Options(seed=1, only=only, train_size=given.train_size, skip_training=given.skip_training)
    with tempfile.TemporaryDirectory() as folder:
        write_class(Path(folder, "class"), given.students)
        with Gradebook(Path(folder, "grades.db"), create=True) as gradebook:
            batch = Batch(gradebook, load_rubric(), options, choose("auto"))
            started = time.perf_counter()
            jobs = batch.take_in(Path(folder, "class"), [])
            taken = time.perf_counter() - started
            print(f"handed in: {len(jobs)} in {taken:.1f} s, parent holds {memory():.0f} MB", flush=True)
            pool = Answered() if given.gradebook_alone else LocalPool(given.jobs)
            batch.run(jobs, pool, Sampled(len(jobs)))
        size = Path(folder, "grades.db").stat().st_size
        print(f"the gradebook has {size / 1e6:.0f} MB, {size / 1000 / given.students:.0f} kB a submission")


if __name__ == "__main__":
    main()
