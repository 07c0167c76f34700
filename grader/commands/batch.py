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

if TYPE_CHECKING:  # for annotations only: the command line has to start at once
    from grader.classroom.batch import Batch, Job, Tally
    from grader.classroom.gradebook import Gradebook
    from grader.classroom.pools import Pool
    from grader.options import Options
    from grader.sandbox.levels import Sandbox

# --only names a student here, `grader report` writes the files, and the gradebook knows attempts.
MOST_LISTED = 50  # lines
NOT_OF_A_CLASS = ("--only", "--results", "--html", "--attempt")


def add(commands: Any) -> None:
    """Add this command to the command line."""
    batch = commands.add_parser(
        "batch",
        help="mark a whole class",
        description="Mark the submissions in a folder or a platform's zip that are not marked yet, "
        "and keep the results in a gradebook. "
        "If interrupted, run the same command again to resume.",
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
        help="the SQLite file that keeps all results; created if missing",
    )
    batch.add_argument(
        "--jobs",
        metavar="N",
        help="submissions marked in parallel (default: as cores and memory allow)",
    )
    batch.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="STUDENT",
        help="mark this student only, by id; may be repeated",
    )
    batch.add_argument("--regrade", action="store_true", help="mark again what is already marked")
    batch.add_argument(
        "--sections",
        action="append",
        metavar="NUMBER",
        help="mark these sections only, such as 1.2,1.3",
    )
    batch.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="mark on the Dask cluster with this scheduler, such as tcp://host:8786",
    )
    batch.add_argument(
        "--slurm", action="store_true", help="mark in Slurm jobs, as many as --jobs says"
    )
    for name in ("--tls-ca-file", "--tls-cert", "--tls-key"):
        batch.add_argument(name, metavar="FILE", help="for a scheduler with a tls:// address")
    batch.add_argument(
        "--insecure",
        action="store_true",
        help="use a scheduler on another machine without TLS, through which whoever reaches it can "
        "run code as you",
    )
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
    from grader.submission.names import read_aliases

    signal.signal(signal.SIGTERM, interrupt)
    elsewhere = bool(given.scheduler or given.slurm)
    if given.scheduler and given.slurm:
        raise CannotGrade("--scheduler and --slurm were both given, expected one of them")
    if given.insecure and not given.scheduler:
        raise CannotGrade("--insecure was given without --scheduler, which it is for")
    rubric, aliases = load_rubric(), read_aliases(given.alias)
    sandbox = choose(given.sandbox or "auto")
    print(f"sandbox: {sandbox.words}", file=sys.stderr)
    with alone(given.gradebook), Gradebook(given.gradebook, create=True) as gradebook:
        named = vars(given) | {"only": given.sections, "attempt": None}
        options = read_options(
            named.__getitem__, rubric, seed=gradebook.meta("seed"), elsewhere=elsewhere
        )
        print(f"seed: {options.seed}", file=sys.stderr)
        if options.train_size is not None:
            print(
                f"note: this is a trial with {options.train_size:,} training images; "
                "the bars are meant for all of them",
                file=sys.stderr,
            )
        jobs, threads = _places(given.jobs, elsewhere=elsewhere)
        batch = Batch(gradebook, rubric, options, sandbox, threads=threads)
        to_do = batch.take_in(given.submissions, given.only, aliases, regrade=given.regrade)
        if to_do:
            _mark(batch, to_do, _pool(given, options, jobs, threads))
        for found, name in batch.unused.items():
            print(f"note: --alias {found}={name}: no file of this name was read", file=sys.stderr)
        if batch.renamed:
            print(_renamed(batch.renamed))
        if batch.unsettled:
            print(_unsettled(batch.unsettled))
        print(_summary(batch.tally, gradebook))
        return batch.tally.exit_status


def _mark(batch: Batch, to_do: list[Job], pool: Pool) -> None:
    """Test the sandbox while the pool starts, then mark.

    Raises CannotGrade, or KeyboardInterrupt that says how many submissions are marked.
    """
    from grader.classroom.progress import Progress

    try:
        _test_sandbox(batch.sandbox, pool)
        batch.run(to_do, pool, Progress(len(to_do), jobs=pool.jobs))
    except KeyboardInterrupt:
        done = batch.tally.marked
        raise KeyboardInterrupt(
            f"{done} of {len(to_do)} submissions are marked. Run the same command again to resume"
        ) from None


def _test_sandbox(sandbox: Sandbox, pool: Pool) -> None:
    from grader.classroom.batch import expect_working_sandbox

    try:
        if sandbox.level != "none":  # which was asked for, and is known to hold nothing
            expect_working_sandbox(sandbox)
    except BaseException:
        pool.close(now=True)
        raise


def _pool(given: argparse.Namespace, options: Options, jobs: int, threads: int) -> Pool:
    from grader.classroom.pools import Cluster, DaskPool, LocalPool

    if not given.scheduler and not given.slurm:
        return LocalPool(jobs)
    cluster = Cluster(
        given.scheduler or "",
        given.slurm,
        given.tls_ca_file,
        given.tls_cert,
        given.tls_key,
        given.insecure,
    )
    return DaskPool(cluster, jobs, options.device)


def _places(given: str | None, *, elsewhere: bool) -> tuple[int, int]:
    """How many submissions to mark in parallel, and how many threads each has on this machine.

    0 threads leave the choice to Dask.
    """
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
            f"note: {jobs} markings with training at a time need more memory than this machine has",
            file=sys.stderr,
        )
    return jobs, 0 if elsewhere else max(1, cores // jobs)


def _unsettled(unsettled: dict[str, str]) -> str:
    """The files that are missing, with those that may stand for them, a line for each student."""
    lines = [f"{label[:40]}: {what}" for label, what in unsettled.items()]
    return _listed("Missing (if a file stands for one, say so with --alias FOUND=NAME):", lines)


def _listed(head: str, lines: list[str]) -> str:
    from grader.report.text import one_line

    if len(lines) > MOST_LISTED:
        lines[MOST_LISTED - 1 :] = [f"and {len(lines) - MOST_LISTED + 1} more"]
    return "\n".join([head, *("  " + one_line(line) for line in lines)])


def _renamed(renamed: dict[str, dict[str, str]]) -> str:
    """The files that were taken under another name, a line for each student."""
    from grader.submission.names import slot

    lines = []
    for label, files in renamed.items():
        # of a near name it is plain what it stands for
        said = [found if slot(found) else f"{found} as {name}" for name, found in files.items()]
        lines.append(f"{label[:40]}: {', '.join(said)}")
    return _listed("Taken under another name:", lines)


def _summary(tally: Tally, gradebook: Gradebook) -> str:
    """What this run did, and how far the class is, in two lines."""
    from grader.classroom.headline import headline

    counts = [
        (tally.marked, "marked now"),
        (tally.known, "marked before"),
        (tally.unreadable, "could not be read"),
        (tally.failed, "could not be marked (run the same command again to retry)"),
    ]
    words = ", ".join(f"{count} {what}" for count, what in counts if count)
    command = shlex.join(["grader", "report", str(gradebook.path), "--out", "report"])
    count = gradebook.headcount()
    said = headline(
        count.students,
        count.marked,
        count.different,
        count.unreadable,
        count.pending,
        failed=count.failed,
    )
    return f"Submissions: {words or 'nothing to do'}.\n{said}. Next: {command}"
