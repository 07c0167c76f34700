"""Stopwatches: in turn, round after round; commands as processes; contenders that keep to a number of threads."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.records import Spread

ROOT = Path(__file__).resolve().parent.parent
# NumPy's OpenBLAS, torch's OpenMP and MKL, scipy's OpenBLAS: each reads its own, before it is imported
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
SETTLE_SECONDS = 0.3  # seconds: the threads of whoever computed last stay busy waiting for more, up to a quarter of a second


def interleave(contenders: Mapping[str, Callable[[], float]], repeats: int) -> dict[str, Spread]:
    """Each contender's values: every round asks all of them, every second round in reverse order."""
    values: dict[str, list[float]] = {name: [] for name in contenders}
    for round_ in range(repeats):
        names = list(contenders)[:: 1 if round_ % 2 == 0 else -1]
        for name in names:
            values[name].append(contenders[name]())
    return {name: Spread(tuple(measured)) for name, measured in values.items()}


def environment(threads: int | None = None, **variables: str) -> dict[str, str]:
    """The environment for a process, with as many threads as said (None: as many as the libraries like)."""
    inherited = {name: value for name, value in os.environ.items() if name not in THREAD_VARIABLES}
    limits = {} if threads is None else dict.fromkeys(THREAD_VARIABLES, str(threads))
    search = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**inherited, **limits, "PYTHONPATH": search, **variables}


@dataclass(frozen=True)
class Cost:
    """What a process and all its children took: seconds on the clock, CPU seconds, megabytes of the largest of them."""

    wall: float
    cpu: float
    memory: float
    status: int
    output: str


def run_command(
    arguments: Sequence[object],
    *,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    python: str | Path = sys.executable,
) -> Cost:
    """Run Python, this or another one, with these arguments until it ends. Its output is kept, its errors are not."""
    started = time.perf_counter()
    with subprocess.Popen(
        [str(python), *map(str, arguments)],
        cwd=cwd,
        env=dict(env or environment()),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1e6 if sys.platform == "darwin" else 1e3  # bytes there, kilobytes elsewhere
    return Cost(
        wall, used.ru_utime + used.ru_stime, used.ru_maxrss / unit, process.returncode, output
    )


class Contender:
    """`python -m MODULE ARGUMENTS`, which calls `serve`: each call asks for one measurement and waits for its seconds.

    A process for each: none inherits another's threads, memory pools or warm caches. Several get ready at once;
    `wait` until all are, lest one be measured while the next warms up.
    """

    def __init__(self, module: str, *arguments: str, threads: int | None = None):
        self.name = " ".join([module, *arguments])
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=environment(threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def wait(self) -> None:
        """Until it is warm."""
        self._answer()

    def __call__(self) -> float:
        assert self.process.stdin is not None
        time.sleep(SETTLE_SECONDS)
        with suppress(BrokenPipeError):
            print("measure", file=self.process.stdin, flush=True)
        return float(self._answer())

    def _answer(self) -> str:
        assert self.process.stdout is not None
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(
                f"{self.name} ended with status {self.process.wait()}, expected a measurement"
            )
        return answer

    def __enter__(self) -> Contender:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(BrokenPipeError):
            self.process.communicate()  # the end of its input is the end of its work


def serve(measure: Callable[[], float]) -> None:
    """The contender's side: warms up and says so, then answers each line that comes in with seconds."""
    measure()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(measure(), flush=True)
