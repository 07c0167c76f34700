"""Our grader with the same three sections in the sandbox, for a class or a single submission."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.peers.assignment import FUNCTIONS, Verdict
from benchmarks.peers.grading import Command, verdict
from benchmarks.peers.scripts import Bare
from benchmarks.timing import ROOT, environment
from grader.classroom.gradebook import Gradebook
from grader.results import Status

GRADER = ("-P", "-m", "grader")


class Ours(Bare):
    """The base of both: they use this project's modules."""

    isolation = "sandbox"

    def environment(self) -> dict[str, str]:
        return environment(1)


class OurBatch(Ours):
    """`grader batch` with one job and a new gradebook, including the self-test of the sandbox."""

    title = "ours, `batch --jobs 1`"

    def commands(self) -> list[Command]:
        for path in self.folder.glob("grades.db*"):
            path.unlink()
        return [self.batch()]

    def batch(self) -> Command:
        """The command; it skips submissions that are already marked."""
        book: list[str | Path] = ["--gradebook", self.folder / "grades.db", "--jobs", "1"]
        chosen = ["--sections", ",".join(FUNCTIONS), "--seed", "1"]
        return Command([*GRADER, "batch", self.folder / "submissions", *book, *chosen], ROOT)

    def verdicts(self, outputs: list[str]) -> dict[str, Verdict]:
        points, found = dict.fromkeys(FUNCTIONS, 1.0), {}
        with Gradebook(self.folder / "grades.db") as gradebook:
            for student in gradebook.students():
                sections = gradebook.standing(student, points, {}).report.sections
                found[student.id] = verdict(
                    [FUNCTIONS[one.number] for one in sections if one.status is Status.PASSED]
                )
        return found


class OurGrade(Ours):
    """`grader grade` for each submission."""

    title = "ours, `grade` for each"

    def commands(self) -> list[Command]:
        only = [word for section in FUNCTIONS for word in ("--only", section)]
        return [
            Command(
                [*self.marking(path), *only, "--seed", "1", "--results", path / "results.json"],
                ROOT,
            )
            for path in map(self.submission, self.works)
        ]

    def marking(self, path: Path) -> list[str | Path]:
        """The command that marks the submission at a path, without its options."""
        return [*GRADER, "grade", path]

    def verdicts(self, outputs: list[str]) -> dict[str, Verdict]:
        found = {}
        for name in self.works:
            results = json.loads(
                (self.submission(name) / "results.json").read_text(encoding="utf-8")
            )
            found[name] = verdict(
                [
                    FUNCTIONS[test["number"]]
                    for test in results["tests"]
                    if test["status"] == "passed"
                ]
            )
        return found


class OurPytest(OurGrade):
    """`pytest grader/` for each submission: one pytest hands over to another that we configure."""

    title = "ours, `pytest grader/` for each"

    def marking(self, path: Path) -> list[str | Path]:
        return ["-m", "pytest", "grader", "-q", "--submission", path]
