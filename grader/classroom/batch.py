"""Mark a whole class: hand in, find out what is missing, mark that, and keep each result the moment it exists.

Killed at any moment, the same command goes on where it stopped: the gradebook says what is there, and nothing else is asked.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from grader.classroom.gradebook import Gradebook, Provenance
from grader.classroom.intake import Entry, entries
from grader.classroom.job import Done, Task
from grader.classroom.keys import content_hash, grader_version, rubric_hash, section_key, to_mark
from grader.classroom.pools import Pool
from grader.classroom.progress import Progress
from grader.errors import CannotGrade, SubmissionError
from grader.options import Options
from grader.report.text import one_line
from grader.results import Report
from grader.rubric import RUBRIC_FILE, Rubric
from grader.sandbox.levels import Sandbox
from grader.selftest import cases as selftest

TRIES = 2  # of a submission whose process is lost; one that ends processes is not let try for ever


@dataclass
class Tally:
    """How a batch went, by submissions (one that several students share counts once)."""

    marked: int = 0
    known: int = 0
    unreadable: int = 0
    failed: int = 0
    full: int = 0

    @property
    def exit_status(self) -> int:
        """0: all have full marks; 1: all marked, marks lost; 2: some could not be read or marked."""
        if self.unreadable or self.failed:
            return 2
        return 0 if self.full == self.marked + self.known else 1


@dataclass(frozen=True)
class Job:
    """A submission to be marked. Results up to `after` do not count."""

    work: str
    label: str
    after: int


@dataclass(frozen=True)
class Plan:
    """A job that runs, for the how manieth time; the keys of all its sections, and the results that are there already."""

    job: Job
    keys: dict[str, str]
    reused: dict[str, int]
    tries: int = 1


class Batch:
    """Marks a class into a gradebook."""

    def __init__(
        self,
        gradebook: Gradebook,
        rubric: Rubric,
        options: Options,
        sandbox: Sandbox,
        *,
        threads: int = 1,
    ):
        self.gradebook, self.rubric, self.options = gradebook, rubric, options
        self.sandbox, self.threads = sandbox, threads
        self.tally = Tally()
        self.chosen = rubric.select(list(options.only), options.skip_training)
        self.how = Provenance(
            rubric_hash(rubric), grader_version(), "", json.dumps(_settings(options))
        )

    def take_in(self, path: Path, only: list[str], *, regrade: bool = False) -> list[Job]:
        """Hand in all submissions; those that have to be marked. Raises CannotGrade for a student who is not there."""
        jobs: dict[str, Job] = {}
        seen: set[str] = set()
        with (
            self.gradebook.transaction(),
            entries(path) as found,
        ):  # one for all: a disk takes its time over each
            self._expect_there(only, found, path)
            after = self._regrade_after(only) if regrade else 0
            self._note_assignment(only)
            for entry in found:
                chosen = not only or any(student.id in only for student in entry.students)
                work = self._hand_in(entry, counted=chosen)
                if work is None or work in seen or not chosen:
                    continue
                seen.add(work)
                job = self._job(work, entry, after)
                if job is not None:
                    jobs[work] = job
        return list(jobs.values())

    def _expect_there(self, only: list[str], found: list[Entry], path: Path) -> None:
        there = {student.id for entry in found for student in entry.students}
        for student in only:
            if student not in there:
                raise CannotGrade(
                    f"--only is {student!r}, which {path} does not hold, expected one of {_some(sorted(there))}"
                )

    def _note_assignment(self, only: list[str]) -> None:
        """Note what the class is marked by. A batch over some students changes it for nobody else."""
        if only and self.gradebook.meta("sections") is not None:
            return
        self.gradebook.keep_rubric(self.how.rubric, RUBRIC_FILE.read_text(encoding="utf-8"))
        self.gradebook.set_meta(
            rubric=self.how.rubric, sections=[section.number for section in self.chosen]
        )

    def _regrade_after(self, only: list[str]) -> int:
        """Results up to this one do not count. An interrupted regrading goes on; one of other students begins anew."""
        before = self.gradebook.meta("regrade")
        if before is not None and before["only"] == only:
            return int(before["after"])
        after = self.gradebook.last_result()
        self.gradebook.set_meta(regrade={"only": only, "after": after})
        return after

    def _hand_in(self, entry: Entry, *, counted: bool) -> str | None:
        """The hash of what was handed in; None where it cannot be read, which is noted, and told of those who count."""
        try:
            submission = entry.open()
        except SubmissionError as error:
            problem = one_line(str(error))
            if counted:
                self.tally.unreadable += 1
                print(f"{one_line(entry.students[0].name)}: {problem}", file=sys.stderr)
            if entry.is_missing:
                return None
            work = hashlib.sha256(
                f"unreadable {[s.id for s in entry.students]} {problem}".encode()
            ).hexdigest()
            self.gradebook.hand_in(entry.students, work, None, problem)
            return None
        work = content_hash(submission)
        self.gradebook.hand_in(entry.students, work, submission)
        return work

    def _job(self, work: str, entry: Entry, after: int) -> Job | None:
        job = Job(work, entry.students[0].name, after)
        return None if self._is_known(self._plan(job)) else job

    def _is_known(self, plan: Plan) -> bool:
        """Whether nothing is missing; then what is there counts."""
        if len(plan.reused) < len(plan.keys):
            return False
        self.gradebook.count(plan.job.work, plan.reused)
        self.tally.known += 1
        self.tally.full += self.gradebook.all_passed(plan.job.work)
        return True

    def _plan(self, job: Job) -> Plan:
        keys = self._keys(job.work, self.options)
        reused = self.gradebook.known(keys, job.after)
        if self.options.seed == self.gradebook.meta(
            "seed"
        ):  # none was asked for: one that settled an appeal counts on
            for seed in self.gradebook.seeds(job.work):
                known = self.gradebook.known(
                    self._keys(job.work, replace(self.options, seed=seed)), job.after
                )
                reused |= {
                    number: result
                    for number, result in known.items()
                    if result > reused.get(number, 0)
                }
        return Plan(job, keys, reused)

    def _keys(self, work: str, options: Options) -> dict[str, str]:
        return {
            s.number: section_key(work, self.rubric, s, options, self.sandbox.level)
            for s in self.chosen
        }

    def run(self, jobs: list[Job], pool: Pool, progress: Progress) -> None:
        """Mark all; a KeyboardInterrupt leaves what is there. Raises CannotGrade if a result cannot be kept."""
        waiting = iter(jobs)
        running: dict[Future[Done], Plan] = {}
        try:
            while self._fill(running, waiting, pool, progress):
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    again = self._finish(future, running.pop(future), progress)
                    if again is not None:
                        running[pool.submit(self._task(again))] = again
        except BaseException:
            progress.close()
            pool.close(now=True)
            raise
        progress.close()
        pool.close(now=False)
        if (
            not self.tally.failed
        ):  # else the same command goes on with those that failed, and marks nobody else again
            self.gradebook.set_meta(regrade=None)

    def _fill(
        self,
        running: dict[Future[Done], Plan],
        waiting: Iterator[Job],
        pool: Pool,
        progress: Progress,
    ) -> bool:
        """Keep one task more than there are places, so that none is ever empty; whether any runs."""
        while len(running) <= pool.jobs and (job := next(waiting, None)) is not None:
            plan = self._plan(job)
            progress.begin(job.label)
            if self._is_known(
                plan
            ):  # somebody else has marked it since; a task without sections would be one of all
                progress.end(job.label, "marked before")
            else:
                running[pool.submit(self._task(plan))] = plan
        return bool(running)

    def _task(self, plan: Plan) -> Task:
        missing = [number for number in plan.keys if number not in plan.reused]
        return Task(
            plan.job.work,
            self.gradebook.submission(plan.job.work),
            to_mark(self.rubric, missing, self.options),
            self.rubric,
            self.options,
            self.sandbox.level,
            self.how.grader,
            self.threads,
        )

    def _finish(self, future: Future[Done], plan: Plan, progress: Progress) -> Plan | None:
        """Keep what came of a task; or the plan to be tried again, where its process was lost."""
        work, label = plan.job.work, plan.job.label
        try:
            done = future.result()
        except (
            Exception,
            CancelledError,
        ) as error:  # of the machine or of ours: nothing is recorded
            if plan.tries < TRIES and not isinstance(error, CannotGrade):
                return replace(plan, tries=plan.tries + 1)
            self.tally.failed += 1
            progress.end(
                label, f"could not be marked ({type(error).__name__}: {error})", failed=True
            )
            return None
        self.gradebook.record(
            work,
            done.report,
            plan.keys,
            plan.reused,
            replace(self.how, environment=done.environment),
        )
        errors = done.report.exit_status == 2
        self.tally.marked += 1
        self.tally.failed += errors
        self.tally.full += self.gradebook.all_passed(work)
        progress.end(label, _outcome(done.report), failed=errors)
        return None


def _outcome(report: Report) -> str:
    lost = [section.number for section in report.sections if section.status == "failed"]
    errors = [section.number for section in report.sections if section.status == "grader error"]
    words = f"{report.score:g} of {report.max_score:g}{', lost ' + ' '.join(lost) if lost else ''}"
    return f"{words}{', grader error in ' + ' '.join(errors) if errors else ''}, {report.seconds:.0f} s"


def _settings(options: Options) -> dict[str, object]:
    return {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(options).items()
    }


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown


@contextmanager
def alone(gradebook: Path) -> Iterator[None]:
    """While this lasts, no other batch writes the gradebook. Raises CannotGrade where one does."""
    if not gradebook.absolute().parent.is_dir():
        raise CannotGrade(f"{gradebook} cannot be written, expected a file in a folder that exists")
    lock = FileLock(f"{gradebook.resolve()}.lock")  # gone with the process, however it ends
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise CannotGrade(f"another batch is writing {gradebook}; wait for it, or end it") from None
    except OSError as error:
        raise CannotGrade(
            f"{gradebook} cannot be written ({error.strerror}), expected a folder that can be written to"
        ) from None
    try:
        yield
    finally:
        lock.release()


def expect_walls(sandbox: Sandbox) -> None:
    """Try the walls. Raises CannotGrade where the reference does not earn its points behind them, or a cheat gets through."""
    wrong = [outcome for outcome in selftest.try_walls(sandbox.level) if outcome.problem]
    if wrong:
        told = "; ".join(f"{outcome.name}: {outcome.problem}" for outcome in wrong)
        raise CannotGrade(
            f"the self-test failed, so nothing was marked ({told}). See: python -m grader selftest"
        )
