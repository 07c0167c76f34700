"""Classroom 50's side, built from its documented rules, in place of GitHub.

The rules are those of wiki/Advanced-Autograding.md, and of publish-pages.yaml and runner.py in
cli/gh-teacher/skeleton/dotgithub of the repository foundation50/classroom50.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from grader.publish.classroom50.marking import marked_sections
from tests.support import RUBRIC

MARKED = [section.number for section in marked_sections(RUBRIC)]
POINTS = sum(section.points for section in marked_sections(RUBRIC))
CLASSROOM, ASSIGNMENT, OWNER = "ml-2026", "fashion", "ada"
FETCHED = 10 * 1024 * 1024  # bytes of a bundle, at most
SUBMISSION = "submit/2026-11-29T10-00-00Z-a1b2c3d"
COMMIT = "https://github.example/course/ml-2026-fashion-ada/commit/a1b2c3d"
SECRET = "ghs_not_for_student_code"


@dataclass(frozen=True)
class Graded:
    """What the job leaves: result.json, the release's text, status and summary, and its log."""

    result: dict[str, Any]
    body: str
    status: str
    summary: str
    log: str

    @property
    def passed(self) -> list[str]:
        """The numbers of the sections that passed."""
        return [t["test-name"].split()[0] for t in self.result["tests"] if t["passed"]]


@dataclass
class Job:
    """A grade job: `temp` is the runner's folder for temporary files, `checkout` the student's."""

    temp: Path
    checkout: Path

    @property
    def bundle(self) -> Path:
        """Where the fetched autograder lies."""
        return self.temp / "classroom50-runtime" / ASSIGNMENT

    def fetch(self, folder: Path) -> Job:
        """Publish a folder of the teacher's as a .tar.gz, and fetch and unpack it here."""
        packed = BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            archive.add(folder, ASSIGNMENT)
        assert len(packed.getvalue()) <= FETCHED
        self.bundle.parent.mkdir(parents=True)
        packed.seek(0)
        with tarfile.open(fileobj=packed, mode="r:gz") as archive:
            archive.extractall(self.bundle.parent, filter="data")
        return self

    def start(self, **environment: str) -> subprocess.Popen[str]:
        """The autograder, started in the checkout as the leader of a process group."""
        for name in ("result.json", "release-body.md"):
            if (self.checkout / name).exists():
                (self.checkout / name).unlink()
        (self.temp / "output").write_text("")
        url = "https://github.example/course"
        variables = {
            "CLASSROOM": CLASSROOM, "ASSIGNMENT": ASSIGNMENT, "SUBMISSION_TAG": SUBMISSION,
            "PAGES_BASE_URL": f"{url}/classroom50", "USERNAME": OWNER, "OWNER": OWNER,
            "ASSIGNMENT_TYPE": "individual", "COMMIT_URL": COMMIT, "RELEASE_URL": f"{url}/release",
            "REVIEW_URL": f"{url}/compare", "CLASSROOM50_BUNDLE_DIR": str(self.bundle),
            "GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(self.temp / "output"),
            "GITHUB_WORKSPACE": str(self.checkout), "RUNNER_TEMP": str(self.temp),
            "GITHUB_TOKEN": SECRET, "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        return subprocess.Popen(
            [sys.executable, self.bundle / "autograder.py"],
            cwd=self.checkout,
            env={**os.environ, **variables, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    def grade(self, *, seconds: float = 150) -> Graded:
        """The whole job; `seconds` stand for its 15 minutes."""
        process = self.start()
        log, _ = process.communicate(timeout=seconds)
        if process.returncode:
            return self._error(f"autograder exited {process.returncode}", log)
        path = self.checkout / "result.json"
        if not path.is_file():
            return self._error("autograder did not produce result.json", log)
        result = json.loads(path.read_text())
        stamped = {
            "owner": OWNER,
            "assignment_type": "individual",
            "datetime": "2026-11-29T09:59:00Z",
        }
        result |= stamped
        problem = problem_of(result)
        if problem:
            return self._error(problem, log)
        lines = (self.temp / "output").read_text().splitlines()
        output = dict(line.split("=", 1) for line in lines)
        body = (self.checkout / "release-body.md").read_text()
        return Graded(result, body, output["status"], output["summary"], log)

    def _error(self, message: str, log: str) -> Graded:
        return Graded({"score": 0, "max-score": 0, "tests": []}, "", "error", message, log)


def job(tmp_path: Path, bundle: Path) -> Job:
    """A job with an empty checkout, in which the autograder has been fetched."""
    found = Job(tmp_path / "temp", tmp_path / "checkout")
    found.temp.mkdir()
    found.checkout.mkdir()
    return found.fetch(bundle)


def submit(to: Job, folder: Path) -> Job:
    """The same job with a folder's files as the student's commit."""
    shutil.copytree(folder, to.checkout, dirs_exist_ok=True, symlinks=True)
    return to


def problem_of(result: Any) -> str:
    """What the runner and the collection of scores refuse in a result; "" for nothing."""
    if not isinstance(result, dict) or result.get("schema") != "classroom50/result/v1":
        return "not an object with the schema"
    wanted = {"classroom": CLASSROOM, "assignment": ASSIGNMENT, "assignment_type": "individual"}
    for name, value in (wanted | {"owner": OWNER}).items():
        if result.get(name) != value:
            return f"{name} is {result.get(name)!r}"
    if not str(result.get("submission")).startswith("submit/"):
        return "submission is no submit tag"
    for name in ("commit", "release", "review", "datetime"):
        if not isinstance(result.get(name), str) or not result[name]:
            return f"{name} is no text"
    if not isinstance(result.get("tests"), list):
        return "tests is no list"
    for test in result["tests"]:
        if not isinstance(test.get("test-name"), str) or not test["test-name"]:
            return "a test has no name"
        if not isinstance(test.get("passed"), bool):
            return "passed is no boolean"
    for scored in (result, *result["tests"]):
        score, most = scored.get("score"), scored.get("max-score")
        if type(score) is not int or type(most) is not int or not 0 <= score <= most:
            return f"score {score!r} of {most!r}"
    return ""
