"""Mark many versions of one script, without training: each costs a fork, and no new server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import TracebackType

from grader.checks.context import Context
from grader.marking import runner
from grader.marking.alone import MACHINE
from grader.marking.trainings import Trainings
from grader.options import Options
from grader.results import Status, Verdict
from grader.rubric import Rubric
from grader.rules import RubricSection
from grader.sandbox.budget import Clock
from grader.sandbox.levels import Sandbox, choose
from grader.sandbox.remote import StudentScript
from grader.sandbox.servers import Servers
from grader.submission.record import Submission

# of all calls of all versions together
SECONDS_OF_ALL = 600.0
# of all calls of one version: a check takes a tenth of one, and code that hangs must not hold up
# hundreds of versions
SECONDS = 20.0


class ScriptBench:
    """The servers of one submission, in which versions of its scripts are marked.

    `submission` has its scripts as they are marked (submission.preparing). The sections are those
    that stand alone: they need no training.
    """

    def __init__(self, submission: Submission, rubric: Rubric, sandbox: str = "auto"):
        self.submission, self.rubric = submission, rubric
        self._sandbox: Sandbox = choose(sandbox)
        self._servers = Servers(submission, rubric, self._sandbox)
        self._spent = 0.0

    def sections(self, script: str) -> list[RubricSection]:
        """The sections of a script that need no training, in the rubric's order."""
        return [
            section
            for section in self.rubric.sections
            if section.script == script and section.section.stands_alone
        ]

    def mark(
        self, script: str, source: bytes, numbers: Sequence[str], seed: int
    ) -> dict[str, Verdict]:
        """The verdicts on sections of a version of a script, each with its misconceptions.

        Sections that these need are marked too.
        """
        with _Version(self, script, source, seed) as version:
            return {number: version.mark(self.rubric.by_number[number]) for number in numbers}

    def fails_alone(
        self,
        script: str,
        source: bytes,
        choices: Sequence[Mapping[str, str]],
        others: Sequence[str],
        seed: int,
    ) -> Mapping[str, str] | None:
        """The first of the choices by which the version is wrong; None if it is by none.

        A choice names sections with an id each: exactly these fail, each with exactly its id, and
        all `others` pass. The sections of a choice are marked first, since most versions are not
        what was looked for.
        """
        by_number = self.rubric.by_number
        with _Version(self, script, source, seed) as version:
            for wanted in choices:
                if all(
                    version.mark(by_number[number]).misconceptions == (id,)
                    for number, id in wanted.items()  # noqa: A001
                ) and all(
                    version.mark(by_number[number]).status is Status.PASSED
                    for number in others
                    if number not in wanted
                ):
                    return wanted
        return None

    def version(self, script: str, source: bytes) -> StudentScript:
        """The script with another source, in a worker of its own."""
        left = max(0.0, SECONDS_OF_ALL - self._spent)
        student = self._servers.student(script, Clock(min(SECONDS, left)))
        return student.with_source(source.decode("utf-8", "replace"))

    def end(self, version: StudentScript) -> None:
        """End a version, and count what its calls took."""
        version.close()
        self._spent += version.clock.whole.spent

    def close(self) -> None:
        """End every server."""
        self._servers.close()

    def __enter__(self) -> ScriptBench:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Version:
    """One version being marked, and the verdicts so far."""

    def __init__(self, bench: ScriptBench, script: str, source: bytes, seed: int):
        self._bench = bench
        self._student = bench.version(script, source)
        submission = replace(bench.submission, scripts={**bench.submission.scripts, script: source})
        options = Options(seed=seed, skip_training=True)
        trainings = Trainings(bench.rubric, options, frozenset())
        self._context = Context(
            submission, bench.rubric, options, {script: self._student}, trainings,
            self._student.clock, explains=False,
        )  # fmt: skip
        self._verdicts: dict[str, Verdict] = {}

    def mark(self, section: RubricSection) -> Verdict:
        """The verdict on a section, marked on the first call."""
        if section.number not in self._verdicts:
            needs = [self._bench.rubric.by_number[number] for number in section.needs]
            failed = [need for need in needs if self.mark(need).status is Status.FAILED]
            with MACHINE.among_others():
                # with right answers in place of failed sections, only the runner can explain
                context = replace(self._context, explains=bool(failed))
                verdict = runner.run(section, context, failed).verdict
                if verdict.status is Status.FAILED and not failed:
                    found = runner.diagnosed(section, self._context, verdict)
                    verdict = replace(verdict, misconceptions=found)
            self._verdicts[section.number] = verdict
        return self._verdicts[section.number]

    def __enter__(self) -> _Version:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bench.end(self._student)
