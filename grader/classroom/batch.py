"""Marks a whole class: takes in submissions, marks what is missing, and stores each result at once.

If interrupted, the same command resumes: the gradebook alone says what has been marked.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import deque
from concurrent.futures import CancelledError, Future
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from grader.classroom.gradebook import Gradebook, Provenance
from grader.classroom.intake import Entry, entries
from grader.classroom.intake.entry import Known, opened
from grader.classroom.job import Done, Task
from grader.classroom.keys import SectionKeys, content_hash, grader_version, rubric_hash, to_mark
from grader.classroom.people import labels
from grader.classroom.pools import Pool
from grader.classroom.progress import Progress, duration
from grader.classroom.rejudging import Rejudging
from grader.classroom.scheduling import Schedule
from grader.errors import CannotGrade, NoRoom, SubmissionError
from grader.options import Options
from grader.report.text import one_line
from grader.results import Report
from grader.rubric import RUBRIC_FILE, Rubric
from grader.sandbox.levels import Sandbox
from grader.selftest import cases as selftest
from grader.submission.names import Aliases
from grader.submission.reading import NO_ALIASES, Submission

TRIES = 2  # of a submission whose process dies


@dataclass
class Tally:
    """Counts of submissions in a batch; one shared by several students counts once."""

    marked: int = 0
    known: int = 0
    unreadable: int = 0
    failed: int = 0
    full: int = 0

    @property
    def exit_status(self) -> int:
        """0: all have full marks; 1: all marked, marks lost; 2: some not read or not marked."""
        if self.unreadable or self.failed:
            return 2
        return 0 if self.full == self.marked + self.known else 1


@dataclass(frozen=True)
class Job:
    """A submission to mark. Stored results up to number `after` do not count."""

    work: str
    label: str
    after: int


@dataclass(frozen=True)
class Plan:
    """A running job: its options, the keys of all its sections, stored results to reuse, and how
    often it was tried and put off. `kept` are results of other sections, which count on."""

    job: Job
    options: Options
    keys: dict[str, str]
    reused: dict[str, int]
    kept: dict[str, int]
    tries: int = 1
    put_off: int = 0


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
        self.labels: dict[str, str] = {}  # what messages call a student, by id, as all below
        # the checklist's names of files that were taken under another, and that one
        self.renamed: dict[str, dict[str, str]] = {}
        self.unsettled: dict[str, str] = {}  # what is missing, and what may stand for it
        self.remarks: list[str] = []  # about how the download was read
        self.unused: dict[str, str] = {}  # the aliases by which no file was read
        self.only: list[str] = []  # the students to mark; none means all
        self.chosen = rubric.select(list(options.only), options.skip_training)
        self._keys = self._keys_by(rubric)
        self.rejudging = Rejudging(gradebook, rubric, self._keys_by)
        self.how = Provenance(
            rubric_hash(rubric), grader_version(), "", json.dumps(_settings(options))
        )

    def take_in(
        self,
        path: Path,
        only: list[str],
        aliases: Aliases = NO_ALIASES,
        *,
        regrade: bool = False,
        known: Known | None = None,
    ) -> list[Job]:
        """The submissions to mark, after storing all. Raises CannotGrade for an unknown student."""
        jobs: dict[str, Job] = {}
        self.unused, self.only = dict(aliases), only
        seen: set[str] = set()
        # One transaction for all, since each takes the disk some time.
        with self.gradebook.transaction(), entries(path, **vars(known or Known())) as found:
            self.labels = labels({one.id: one.name for entry in found for one in entry.students})
            self._expect_known(only, found, path)
            after = self._regrade_after() if regrade else 0
            self._note_assignment(only)
            with closing(opened(found, aliases)) as submissions:
                for entry, submission in zip(found, submissions, strict=True):
                    self.remarks += entry.remarks
                    chosen = not only or any(student.id in only for student in entry.students)
                    work = self._hand_in(entry, submission, counted=chosen)
                    if work is None or work in seen or not chosen:
                        continue
                    seen.add(work)
                    job = self._job(work, entry, after)
                    if job is not None:
                        jobs[work] = job
            if not (regrade and jobs):  # an unfinished regrading is done now, or given up
                self.gradebook.set_meta(regrade=None)
        return list(jobs.values())

    def _expect_known(self, only: list[str], found: list[Entry], path: Path) -> None:
        there = {student.id for entry in found for student in entry.students}
        for student in only:
            if student not in there:
                raise CannotGrade(
                    f"--only is {student!r}, which {path} does not hold, "
                    f"expected one of {_some(sorted(there))}"
                )

    def _note_assignment(self, only: list[str]) -> None:
        """Store the rubric and sections of the class, unless only some students are marked."""
        # of every marking, so that its trainings can be judged by another bar
        self.gradebook.keep_rubric(self.how.rubric, RUBRIC_FILE.read_text(encoding="utf-8"))
        if only and self.gradebook.meta("sections") is not None:
            return
        self.gradebook.set_meta(
            rubric=self.how.rubric, sections=[section.number for section in self.chosen]
        )

    def _regrade_after(self) -> int:
        """The last result that does not count; an unfinished regrading of the same resumes."""
        before = self.gradebook.meta("regrade")
        if before is not None and before["only"] == self.only:
            self.remarks.append(
                "this resumes a regrading that was interrupted or had failures; to mark everything "
                "again, run the command once without --regrade before"
            )
            return int(before["after"])
        after = self.gradebook.last_result()
        self.gradebook.set_meta(regrade={"only": self.only, "after": after})
        return after

    def _hand_in(
        self, entry: Entry, submission: Submission | SubmissionError, *, counted: bool
    ) -> str | None:
        """The hash of a submission; None if unreadable, which is stored and, if chosen, shown."""
        when: Any = {"handed_in": entry.handed_in, "origin": entry.origin}
        if isinstance(submission, SubmissionError):
            problem = one_line(str(submission))
            if counted:
                self.tally.unreadable += 1
                print(f"{self.labels[entry.students[0].id]}: {problem}", file=sys.stderr)
            if entry.is_missing:
                return None
            work = hashlib.sha256(
                f"unreadable {[s.id for s in entry.students]} {problem}".encode()
            ).hexdigest()
            self.gradebook.hand_in(entry.students, work, None, problem, **when)
            return None
        work = content_hash(submission)
        for found in submission.taken.values():
            self.unused.pop(found, None)
        if counted and submission.renamed:
            self.renamed[entry.students[0].id] = submission.renamed
        if counted and submission.unsettled:
            self.unsettled[entry.students[0].id] = submission.unsettled
        self.gradebook.hand_in(entry.students, work, submission, **when)
        return work

    def _job(self, work: str, entry: Entry, after: int) -> Job | None:
        job = Job(work, self.labels[entry.students[0].id], after)
        return None if self._is_known(self._plan(job)) else job

    def _is_known(self, plan: Plan) -> bool:
        """Whether all results are stored already; if so, makes them count."""
        if len(plan.reused) < len(plan.keys):
            return False
        self.gradebook.count(plan.job.work, plan.kept | plan.reused)
        self.tally.known += 1
        self.tally.full += self.gradebook.all_passed(plan.job.work)
        return True

    def _plan(self, job: Job) -> Plan:
        options = replace(self.options, attempt=self.gradebook.attempt(job.work))
        variants = [options]
        # Without --seed, results of another seed, which settled an appeal, keep counting.
        if self.options.seed == self.gradebook.meta("seed"):
            variants = [replace(options, seed=s) for s in self.gradebook.seeds(job.work)]
        reused: dict[str, int] = {}
        for variant in variants:
            known = self.gradebook.known(self._keys.of(job.work, variant), job.after)
            reused |= {n: result for n, result in known.items() if result > reused.get(n, 0)}
        keys = self._keys.of(job.work, options)
        missing = [number for number in keys if number not in reused]
        for variant in variants if missing else []:
            reused |= self.rejudging.results(job.work, missing, variant, job.after)
        return Plan(job, options, keys, reused, self._kept(job.work, keys))

    def _kept(self, work: str, keys: dict[str, str]) -> dict[str, int]:
        """The results that go on counting: with --only, those of sections that are not marked now.

        A run for all students sets the class's sections; one for some leaves them as they are.
        """
        before = self.gradebook.counted(work) if self.only else {}
        return {number: result for number, result in before.items() if number not in keys}

    def _keys_by(self, rubric: Rubric) -> SectionKeys:
        """The keys of the results of the chosen sections, by a rubric with the same sections."""
        sections = [rubric.by_number[section.number] for section in self.chosen]
        return SectionKeys(rubric, sections, self.options, self.sandbox.level)

    def run(self, jobs: list[Job], pool: Pool, progress: Progress) -> None:
        """Mark all jobs. A KeyboardInterrupt loses no stored result.

        Raises CannotGrade if a result cannot be stored.
        """
        waiting, later = deque(jobs), list[Plan]()
        schedule = Schedule[Plan](pool)
        try:
            while self._fill(schedule, waiting, later, progress):
                for future, plan in schedule.finished():
                    again = self._finish(future, plan, progress)
                    if again is not None:
                        schedule.submit(self._task(again), again, put_off=again.put_off)
                outside = [0] * bool(waiting) + [plan.put_off for plan in later]
                for plan, seconds in schedule.overdue(outside):
                    progress.postpone(plan.job.label, _put_off(seconds))
                    later.append(replace(plan, put_off=plan.put_off + 1))
                progress.tick()
        except BaseException:
            progress.close()
            pool.close(now=True)
            raise
        progress.close()
        pool.close(now=False)
        if not self.tally.failed:  # else the same command resumes with those that failed
            self.gradebook.set_meta(regrade=None)

    def _fill(
        self,
        schedule: Schedule[Plan],
        waiting: deque[Job],
        later: list[Plan],
        progress: Progress,
    ) -> bool:
        """Submit one task more than there are processes; returns whether any task runs."""
        while not schedule.is_full and (waiting or later):
            if not waiting:
                plan = min(later, key=lambda plan: plan.put_off)
                later.remove(plan)
                progress.resume(plan.job.label)
                schedule.submit(self._task(plan), plan, put_off=plan.put_off)
                continue
            job = waiting.popleft()
            plan = self._plan(job)
            progress.begin(job.label)
            # Marked in the meantime? A task without sections would mark all of them.
            if self._is_known(plan):
                progress.end(job.label, "marked before", known=True)
            else:
                schedule.submit(self._task(plan), plan, put_off=0)
        return len(schedule) > 0

    def _task(self, plan: Plan) -> Task:
        missing = [number for number in plan.keys if number not in plan.reused]
        return Task(
            plan.job.work,
            self.gradebook.submission(plan.job.work),
            to_mark(self.rubric, missing, plan.options),
            self.rubric,
            plan.options,
            self.sandbox.level,
            self.how.grader,
            self.threads,
        )

    def _finish(self, future: Future[Done], plan: Plan, progress: Progress) -> Plan | None:
        """Store the result of a task. Returns the plan of a retry if its process died."""
        work, label = plan.job.work, plan.job.label
        try:
            done = future.result()
        except NoRoom:  # nor would there be for the others
            raise
        except (Exception, CancelledError) as error:  # the machine's or ours: nothing is stored
            if plan.tries < TRIES and not isinstance(error, CannotGrade | TimeoutError):
                return replace(plan, tries=plan.tries + 1)
            self.tally.failed += 1
            why = one_line(self._why(error))
            self.gradebook.note_failure(work, why)
            progress.end(label, f"could not be marked ({why})", failed=True)
            return None
        self.gradebook.record(
            work,
            done.report,
            plan.keys,
            plan.kept | plan.reused,
            replace(
                self.how,
                environment=done.environment,
                options=json.dumps(_settings(plan.options)),
            ),
            done.runs,
            done.networks,
        )
        errors = done.report.exit_status == 2
        self.tally.marked += 1
        self.tally.failed += errors
        self.tally.full += self.gradebook.all_passed(work)
        progress.end(label, _outcome(done.report), failed=errors)
        return None

    def _why(self, error: BaseException) -> str:
        if isinstance(error, TimeoutError):
            minutes = self.rubric.limits.marking_seconds / 60
            return f"its marking was ended after {minutes:.3g} minutes, the most that one may take"
        return f"{type(error).__name__}: {error}"


def _outcome(report: Report) -> str:
    lost = [section.number for section in report.sections if section.status == "failed"]
    errors = [section.number for section in report.sections if section.status == "grader error"]
    parts = [f"{report.score:g} of {report.max_score:g}"]
    parts += [f"lost {' '.join(lost)}"] if lost else []
    parts += [f"grader error in {' '.join(errors)}"] if errors else []
    return ", ".join([*parts, f"{report.seconds:.0f} s"])


def _put_off(seconds: float) -> str:
    return f"not done after {duration(seconds)}, longer than most: put off until the others are"


def _settings(options: Options) -> dict[str, object]:
    return {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(options).items()
    }


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown


def expect_working_sandbox(sandbox: Sandbox) -> None:
    """Raises CannotGrade where a cheat escapes the sandbox, or the reference loses points in it."""
    wrong = [outcome for outcome in selftest.try_sandbox(sandbox.level) if outcome.problem]
    if wrong:
        problems = "; ".join(f"{outcome.name}: {outcome.problem}" for outcome in wrong)
        raise CannotGrade(
            f"the self-test failed, so nothing was marked ({problems}). See: grader selftest"
        )
