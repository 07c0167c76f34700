"""The assignment for graders of notebooks: otter-grader (which also takes scripts) and nbgrader."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from pathlib import Path

import nbformat
from nbformat import v4

from benchmarks.peers.assignment import FUNCTIONS, IMPORT, PeerSubmission, Verdict
from benchmarks.peers.grading import Command, Grader, check_of, fill, verdict
from benchmarks.peers.scripts import NUMPY, Bare

KERNEL = "ipykernel==7.4.0"

# prints the functions that otter's Python interface finds right, by submission
BY_INTERFACE = """\
import json, sys
from contextlib import redirect_stdout
from pathlib import Path

from otter.api import grade_submission

found = {}
for path in sorted(Path("submissions").glob("*/numpy_ann.py")):
    results = grade_submission(str(path), "autograder.zip", quiet=True).results
    found[path.parent.name] = [name for name, result in results.items() if result.score == 1]
print("\\n" + json.dumps(found))
"""


class OtterCommand(Bare):
    """`otter run`: marks one submission without a container."""

    title = "otter-grader, command line"
    requirements = ("otter-grader==7.0.0", KERNEL, NUMPY)
    isolation = "none; a kernel for each submission"

    def write(self) -> None:
        super().write()
        for name in FUNCTIONS.values():
            imports = f"{IMPORT}\nfrom otter.test_files import test_case"
            head = f'{imports}\n\nOK_FORMAT = False\n\nname = "{name}"\npoints = 1'
            fill(self.folder / "tests" / f"{name}.py", head, f"@test_case()\n{check_of(name)}")
        program = self.python.with_name("otter")
        self.run(
            Command(
                [program, "generate", "--tests-dir", "tests", "--output-path", "autograder.zip"],
                self.folder,
            )
        )

    def commands(self) -> list[Command]:
        fixed: list[str | Path] = [
            self.python.with_name("otter"),
            "run",
            "--no-logo",
            "--autograder",
            self.folder / "autograder.zip",
        ]
        return [
            Command([*fixed, "--output-dir", ".", "numpy_ann.py"], self.submission(name))
            for name in self.works
        ]

    def verdicts(self, outputs: list[str]) -> dict[str, Verdict]:
        found = {}
        for name in self.works:
            results = json.loads(
                (self.submission(name) / "results.json").read_text(encoding="utf-8")
            )
            found[name] = verdict(
                [test["name"] for test in results["tests"] if test.get("score") == 1]
            )
        return found


class OtterInterface(OtterCommand):
    """otter's Python interface: marks all submissions in one process."""

    title = "otter-grader, from Python"

    def commands(self) -> list[Command]:
        return [Command(["-c", BY_INTERFACE], self.folder)]

    def verdicts(self, outputs: list[str]) -> dict[str, Verdict]:
        return {
            name: verdict(right) for name, right in json.loads(outputs[0].splitlines()[-1]).items()
        }


class Nbgrader(Grader):
    """`nbgrader autograde`: marks all submissions with one command."""

    title = "nbgrader"
    requirements = ("nbgrader==0.9.6", KERNEL, NUMPY)
    isolation = "none; a kernel for each submission"

    def write(self) -> None:
        fill(
            self.folder / "nbgrader_config.py",
            'c = get_config()\nc.CourseDirectory.course_id = "course"',
        )
        right = next(work for work in self.works.values() if all(work.verdict))
        _write_notebook(right, self.folder / "source" / "ann" / "numpy_ann.ipynb")
        for name, work in self.works.items():
            _write_notebook(work, self.folder / "submitted" / name / "ann" / "numpy_ann.ipynb")
        self.run(
            Command([self.python.with_name("nbgrader"), "generate_assignment", "ann"], self.folder)
        )

    def commands(self) -> list[Command]:
        shutil.rmtree(self.folder / "autograded", ignore_errors=True)
        return [Command([self.python.with_name("nbgrader"), "autograde", "ann"], self.folder)]

    def verdicts(self, outputs: list[str]) -> dict[str, Verdict]:
        right: dict[str, list[str]] = {name: [] for name in self.works}
        with contextlib.closing(sqlite3.connect(self.folder / "gradebook.db")) as gradebook:
            for student, cell in gradebook.execute(
                "SELECT student_id, name FROM grade JOIN base_cell ON base_cell.id = cell_id "
                "JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id JOIN "
                "submitted_assignment ON submitted_assignment.id = "
                "submitted_notebook.assignment_id WHERE auto_score = 1"
            ):
                right[student].append(cell.removeprefix("test_"))
        return {name: verdict(found) for name, found in right.items()}


def _write_notebook(work: PeerSubmission, path: Path) -> None:
    """Writes a notebook with one cell per function, each followed by a locked test cell."""
    cells = [v4.new_code_cell(IMPORT, id="import")]
    for name, code in zip(FUNCTIONS.values(), work.functions, strict=True):
        test = f"{check_of(name)}\n\ncheck_{name}({name})"
        own, locked = (
            _cell(name, solution=True),
            _cell(f"test_{name}", grade=True, locked=True, points=1),
        )
        cells += [
            v4.new_code_cell(code, id=name, metadata=own),
            v4.new_code_cell(test, id=f"test_{name}", metadata=locked),
        ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.parent.mkdir(parents=True)
    nbformat.write(v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


def _cell(identity: str, **particular: bool | int) -> dict[str, dict[str, object]]:
    """The metadata of a cell for nbgrader."""
    usual = {
        "schema_version": 3,
        "grade_id": identity,
        "grade": False,
        "solution": False,
        "locked": False,
        "task": False,
    }
    return {"nbgrader": usual | particular}
