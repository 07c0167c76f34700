"""`grader batch`: mark a whole class."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.commands.arguments import OPTIONS
from grader.errors import CannotGrade
from grader.interrupts import interrupt

if TYPE_CHECKING:  # for annotations only: the command line has to start at once
    from grader.classroom.batch import Batch, Job
    from grader.classroom.gradebook import Gradebook
    from grader.classroom.intake.entry import Known
    from grader.classroom.pools import Pool
    from grader.classroom.worksheet import Worksheet
    from grader.exam.record import Exam
    from grader.options import Options
    from grader.sandbox.levels import Sandbox

# --only names a student here, `grader report` writes the files, and the gradebook knows attempts.
NOT_OF_A_CLASS = ("--only", "--results", "--html", "--attempt")


def add(commands: Any) -> None:
    """Add this command to the command line."""
    batch = commands.add_parser(
        "batch",
        description="Mark the submissions in a folder or a platform's zip that are not marked yet, "
        "and keep the results in a gradebook. "
        "If interrupted, run the same command again to resume.",
    )
    batch.add_argument(
        "submissions",
        type=Path,
        help="folder of submissions, or the zip of Moodle, Canvas, Gradescope, Brightspace or "
        "Blackboard",
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
    batch.add_argument(
        "--roster",
        type=Path,
        metavar="FILE",
        help="CSV file: id,name,e-mail,group of everybody who should hand in; kept in the gradebook",
    )
    batch.add_argument(
        "--worksheet",
        type=Path,
        metavar="FILE",
        help="Moodle's grading worksheet (CSV), for times, e-mail addresses and teams",
    )
    batch.add_argument(
        "--teams",
        action=argparse.BooleanOptionalAction,
        help="the folders of a Moodle download without a worksheet are those of teams; remembered "
        "until --no-teams",
    )
    batch.add_argument("--regrade", action="store_true", help="mark again what is already marked")
    batch.add_argument(
        "--sections",
        action="append",
        metavar="NUMBER",
        help="mark these sections only, such as 1.2,1.3",
    )
    batch.add_argument(
        "--exam",
        type=Path,
        metavar="DIR",
        help="the submissions are answers to the exam in this folder of `grader exam`: mark its "
        "sections, and say which mistakes were fixed",
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
    from grader.classroom.batch import Batch
    from grader.classroom.gradebook import Gradebook
    from grader.classroom.lock import alone
    from grader.commands import batch_end
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
    exam = _exam(given)
    rubric, aliases = load_rubric(), read_aliases(given.alias)
    sandbox = choose(given.sandbox or "auto")
    print(f"sandbox: {sandbox.words}", file=sys.stderr)
    with alone(given.gradebook), Gradebook(given.gradebook, create=True) as gradebook:
        _expect_same_exam(given.exam, gradebook)
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
        known = _known(given, gradebook)
        jobs, threads = _places(given.jobs, elsewhere=elsewhere)
        batch = Batch(gradebook, rubric, options, sandbox, threads=threads)
        to_do = batch.take_in(
            given.submissions, given.only, aliases, regrade=given.regrade, known=known
        )
        if to_do:
            _mark(batch, to_do, _pool(given, options, jobs, threads))
        for line in batch_end.notes(batch):
            print(line, file=sys.stderr)
        for line in [*batch_end.files(batch), batch_end.summary(batch)]:
            print(line)
        if exam is not None:
            from grader.commands.exam_end import report

            for line in report(gradebook, exam, given.exam, rubric):
                print(line)
        return batch.tally.exit_status


def _exam(given: argparse.Namespace) -> Exam | None:
    """The exam whose answers are marked; its sections are then the ones to mark, untrained."""
    if given.exam is None:
        return None
    from grader.exam.record import read

    exam = read(given.exam)
    if given.sections:
        raise CannotGrade("--sections and --exam were both given, expected one of them")
    given.sections, given.skip_training = exam.sections, True
    return exam


def _expect_same_exam(folder: Path | None, gradebook: Gradebook) -> None:
    """Note the exam of a new gradebook. Raises CannotGrade for one that holds anything else."""
    from grader.exam.record import fingerprint

    before, now = gradebook.meta("exam"), None if folder is None else fingerprint(folder)
    if before == now:
        return
    if before is None and not gradebook.students():
        gradebook.set_meta(exam=now)
    elif before is None:
        raise CannotGrade(
            f"{gradebook.path} holds the class's own submissions, expected a gradebook for the "
            "answers to the exam alone, such as exam.db"
        )
    elif now is None:
        raise CannotGrade(
            f"{gradebook.path} holds answers to an exam: give its folder with --exam DIR, or "
            "another gradebook"
        )
    else:
        raise CannotGrade(
            f"{gradebook.path} holds answers to another exam than that in {folder}: give that "
            "exam's folder, or another gradebook"
        )


def _known(given: argparse.Namespace, gradebook: Gradebook) -> Known:
    """What is known beside the download. A roster is kept for reports and later runs."""
    from grader.classroom.course import course_of
    from grader.classroom.intake.entry import Known
    from grader.classroom.roster import read_roster
    from grader.classroom.worksheet import read_worksheet

    zone = course_of(given.gradebook).zone
    worksheet = None if given.worksheet is None else read_worksheet(given.worksheet, zone)
    if worksheet is None and gradebook.meta("teams") == "worksheet":
        raise CannotGrade(
            "this class's teams were read from Moodle's worksheet, and without it a team's number "
            "cannot be told from a student's: give it again with --worksheet FILE"
        )
    if given.roster is not None:
        roster = read_roster(given.roster)
        gradebook.keep_roster(roster.students)
        for line in roster.remarks():
            print(f"note: {line}", file=sys.stderr)
    return Known(gradebook.roster(), worksheet, zone, teams_of(given.teams, worksheet, gradebook))


def teams_of(given: bool | None, worksheet: Worksheet | None, gradebook: Gradebook) -> bool | None:
    """Whether folders are those of teams; None if worksheet or download tell. It is remembered.

    Raises CannotGrade where option and worksheet disagree.
    """
    if worksheet is not None:
        if given is not None and given != worksheet.has_teams:
            raise CannotGrade(
                f"--{'' if given else 'no-'}teams was given, but by {worksheet.path} students hand "
                f"in {'in teams' if worksheet.has_teams else 'one by one'}: leave one of the two out"
            )
        gradebook.set_meta(teams="worksheet" if worksheet.has_teams else None)
        return None
    if given is not None:
        gradebook.set_meta(teams="option" if given else None)
        return given
    if gradebook.meta("teams") != "option":
        return None
    print(
        "note: folders are read as those of teams, as --teams said before; --no-teams ends that",
        file=sys.stderr,
    )
    return True


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
    from grader.commands.settings import jobs_or
    from grader.cores import usable_cores

    cores = usable_cores()
    jobs = jobs_or(given, 1 if elsewhere else default_jobs(cores))
    if not elsewhere and jobs > default_jobs(jobs):
        print(
            f"note: {jobs} markings with training at a time need more memory than this machine has",
            file=sys.stderr,
        )
    return jobs, 0 if elsewhere else max(1, cores // jobs)
