"""Timing functions in turn, commands as processes, and contenders with a number of threads."""

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
# read by OpenMP, OpenBLAS and MKL when they are loaded
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# where it is set, every start compiles all of this project's modules, which no user's does
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
SETTLE_SECONDS = 0.3  # idle threads of the previous contender spin for up to a quarter of a second


def interleave(contenders: Mapping[str, Callable[[], float]], repeats: int) -> dict[str, Spread]:
    """The values of each contender; each round calls all of them, every second one in reverse."""
    values: dict[str, list[float]] = {name: [] for name in contenders}
    for round_ in range(repeats):
        names = list(contenders)[:: 1 if round_ % 2 == 0 else -1]
        for name in names:
            values[name].append(contenders[name]())
    return {name: Spread(tuple(measured)) for name, measured in values.items()}


def environment(threads: int | None = None, **variables: str) -> dict[str, str]:
    """The environment for a process with that many threads (None: the libraries' default)."""
    left_out = {*THREAD_VARIABLES, NO_BYTECODE}
    inherited = {name: value for name, value in os.environ.items() if name not in left_out}
    limits = {} if threads is None else dict.fromkeys(THREAD_VARIABLES, str(threads))
    search = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**inherited, **limits, "PYTHONPATH": search, **variables}


@dataclass(frozen=True)
class Cost:
    """The cost of a process with its children: wall and CPU seconds, megabytes of the largest."""

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
    """Runs Python with these arguments to its end; keeps standard output, not standard error."""
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
    """A process `python -m MODULE ARGUMENTS` that calls `serve`; each call returns one measurement.

    Separate processes do not share threads, memory pools or warm caches. They warm up in parallel:
    call `wait` on all of them before the first measurement.
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
        """Waits until it has warmed up."""
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
            self.process.communicate()  # closes its input, which ends it


def serve(measure: Callable[[], float]) -> None:
    """The contender's side: warms up, then answers each input line with measured seconds."""
    measure()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(measure(), flush=True)
