"""`grader batch`: mark a whole class."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.errors import CannotGrade
from grader.options import OPTIONS, interrupt

if TYPE_CHECKING:  # only for names: the command line has to start at once
    from grader.classroom.batch import Batch, Job, Tally
    from grader.classroom.gradebook import Gradebook
    from grader.classroom.pools import Pool
    from grader.options import Options
    from grader.sandbox.levels import Sandbox

NOT_OF_A_CLASS = (
    "--only",
    "--results",
    "--html",
)  # --only names a student here; reports come out of the gradebook


def add(commands: Any) -> None:
    """Give the command line this command."""
    batch = commands.add_parser(
        "batch",
        help="mark a whole class",
        description="Mark every submission in a folder or a platform's zip that is not marked yet, into a gradebook. "
        "Stopped at any moment, the same command goes on.",
    )
    batch.add_argument(
        "submissions",
        type=Path,
        help="folder of submissions, or the zip of Moodle, Canvas or Gradescope",
    )
    batch.add_argument(
        "--gradebook",
        type=Path,
        required=True,
        metavar="FILE",
        help="the SQLite file that keeps all results",
    )
    batch.add_argument(
        "--jobs", metavar="N", help="submissions at a time (default: as cores and memory allow)"
    )
    batch.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="STUDENT",
        help="this student alone, by id; may be repeated",
    )
    batch.add_argument("--regrade", action="store_true", help="mark again what is marked already")
    batch.add_argument(
        "--sections",
        action="append",
        metavar="NUMBER",
        help="mark these sections alone, as 1.2,1.3",
    )
    batch.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="mark on the Dask cluster with this scheduler, as tcp://host:8786",
    )
    batch.add_argument(
        "--slurm", action="store_true", help="mark on --jobs jobs that are started by Slurm"
    )
    for name in ("--tls-ca-file", "--tls-cert", "--tls-key"):
        batch.add_argument(name, metavar="FILE", help="for a scheduler at tls://…")
    for name, settings in OPTIONS:
        if name not in NOT_OF_A_CLASS:
            batch.add_argument(name, **settings)
    batch.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Mark a class; the exit status is the tally's. Raises CannotGrade."""
    from grader.classroom.batch import Batch, alone
    from grader.classroom.gradebook import Gradebook
    from grader.commands.settings import read_options
    from grader.rubric import load_rubric
    from grader.sandbox.levels import choose

    signal.signal(signal.SIGTERM, interrupt)
    elsewhere = bool(given.scheduler or given.slurm)
    if given.scheduler and given.slurm:
        raise CannotGrade("--scheduler and --slurm are two ways to a cluster, expected one of them")
    rubric = load_rubric()
    sandbox = choose(given.sandbox or "auto")
    print(f"sandbox: {sandbox.words}", file=sys.stderr)
    with alone(given.gradebook), Gradebook(given.gradebook, create=True) as gradebook:
        named = vars(given) | {"only": given.sections}
        options = read_options(
            named.__getitem__, rubric, seed=gradebook.meta("seed"), elsewhere=elsewhere
        )
        print(f"seed: {options.seed}", file=sys.stderr)
        if options.train_size is not None:
            print(
                f"note: with {options.train_size:,} training images this is a try; bars are made for all",
                file=sys.stderr,
            )
        jobs, threads = _places(given.jobs, elsewhere=elsewhere)
        batch = Batch(gradebook, rubric, options, sandbox, threads=threads)
        to_do = batch.take_in(given.submissions, given.only, regrade=given.regrade)
        if to_do:
            _mark(batch, to_do, _pool(given, options, jobs, threads))
        print(_summary(batch.tally, gradebook))
        return batch.tally.exit_status


def _mark(batch: Batch, to_do: list[Job], pool: Pool) -> None:
    """Try the walls while the pool gets ready, then mark. Raises CannotGrade, or KeyboardInterrupt with how far it came."""
    from grader.classroom.progress import Progress

    try:
        _try_sandbox(batch.sandbox, pool)
        batch.run(to_do, pool, Progress(len(to_do)))
    except KeyboardInterrupt:
        done = batch.tally.marked
        raise KeyboardInterrupt(
            f"{done} of {len(to_do)} submissions are marked, the same command goes on"
        ) from None


def _try_sandbox(sandbox: Sandbox, pool: Pool) -> None:
    from grader.classroom.batch import expect_working_sandbox

    try:
        if sandbox.level != "none":  # said out loud, so it is known to hold nothing
            expect_working_sandbox(sandbox)
    except BaseException:
        pool.close(now=True)
        raise


def _pool(given: argparse.Namespace, options: Options, jobs: int, threads: int) -> Pool:
    from grader.classroom.pools import Cluster, DaskPool, LocalPool

    if not given.scheduler and not given.slurm:
        return LocalPool(jobs)
    cluster = Cluster(
        given.scheduler or "", given.slurm, given.tls_ca_file, given.tls_cert, given.tls_key
    )
    return DaskPool(cluster, jobs, options.device)


def _places(given: str | None, *, elsewhere: bool) -> tuple[int, int]:
    """How many submissions at a time, and threads for each: together the cores of this machine. 0 threads are as Dask says."""
    from grader.classroom.pools import default_jobs

    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    if given is None:
        jobs = 1 if elsewhere else default_jobs(cores)
    elif given.isdigit() and 1 <= int(given) <= 1000:
        jobs = int(given)
    else:
        raise CannotGrade(f"--jobs is {given!r}, expected a whole number from 1 to 1000")
    if not elsewhere and jobs > default_jobs(jobs):
        print(
            f"note: {jobs} markings with training take more memory than this machine has",
            file=sys.stderr,
        )
    return jobs, 0 if elsewhere else max(1, cores // jobs)


def _summary(tally: Tally, gradebook: Gradebook) -> str:
    counts = [
        (tally.marked, "marked"),
        (tally.known, "marked before"),
        (tally.unreadable, "could not be read"),
        (tally.failed, "could not be marked, the same command tries again"),
    ]
    words = ", ".join(f"{count} {what}" for count, what in counts if count)
    program = Path(sys.executable)
    if program.is_relative_to(Path.cwd()):
        program = program.relative_to(Path.cwd())
    command = shlex.join(
        [str(program), "-P", "-m", "grader", "report", str(gradebook.path), "--out", "report"]
    )
    return f"{words or 'nothing to do'}. Next: {command}"
