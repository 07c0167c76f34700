"""The assignment for graders of scripts: plain pytest, gradescope-utils and check50."""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from pathlib import Path

from benchmarks.peers.assignment import FUNCTIONS, IMPORT, Verdict
from benchmarks.peers.grading import Command, Grader, check_of, fill, verdict

NUMPY = f"numpy=={version('numpy')}"
NAMES = tuple(FUNCTIONS.values())


class Bare(Grader):
    """No grader: an interpreter that imports the submission and NumPy."""

    title = "importing the submission, no grader"

    def write(self) -> None:
        for name, work in self.works.items():
            fill(self.submission(name) / "numpy_ann.py", work.script)

    def commands(self) -> list[Command]:
        return [Command(["-c", "import numpy_ann"], self.submission(name)) for name in self.works]

    def verdicts(self, outputs: list[str]) -> dict[str, Verdict]:
        return {name: work.verdict for name, work in self.works.items()}  # not checked


class PlainPytest(Bare):
    """pytest in each submission's folder."""

    title = "plain pytest"
    requirements = (f"pytest=={version('pytest')}", NUMPY)

    def write(self) -> None:
        super().write()
        tests = [f"def test_{name}():\n    check_{name}(numpy_ann.{name})" for name in NAMES]
        for name in self.works:
            path = self.submission(name) / "test_numpy_ann.py"
            fill(path, "import numpy as np\n\nimport numpy_ann", *map(check_of, NAMES), *tests)

    def commands(self) -> list[Command]:
        return [
            Command(["-m", "pytest", "-q", "-rA"], self.submission(name)) for name in self.works
        ]

    def verdicts(self, outputs: list[str]) -> dict[str, Verdict]:
        right = [
            re.findall(r"^PASSED test_numpy_ann.py::test_(\w+)", output, re.MULTILINE)
            for output in outputs
        ]
        return dict(zip(self.works, map(verdict, right), strict=True))


class Gradescope(Bare):
    """Gradescope's helpers for unittest, run as on its platform but without the container."""

    title = "gradescope-utils"
    requirements = ("gradescope-utils==0.5.0", NUMPY)

    def write(self) -> None:
        super().write()
        head = (
            f"import unittest\n\n{IMPORT}\n"
            "from gradescope_utils.autograder_utils.decorators import number, weight\n"
            "from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner\n\n"
            "import numpy_ann"
        )
        cases = "\n".join(
            f'    @weight(1)\n    @number("{section}")\n    def test_{name}(self):\n'
            f"        check_{name}(numpy_ann.{name})\n"
            for section, name in FUNCTIONS.items()
        )
        main = (
            'if __name__ == "__main__":\n'
            "    suite = unittest.defaultTestLoader.loadTestsFromTestCase(TestFunctions)\n"
            '    with open("results.json", "w") as stream:\n'
            "        JSONTestRunner(stream=stream).run(suite)"
        )
        case = f"class TestFunctions(unittest.TestCase):\n{cases}"
        for name in self.works:
            fill(self.submission(name) / "run_tests.py", head, *map(check_of, NAMES), case, main)

    def commands(self) -> list[Command]:
        return [Command(["run_tests.py"], self.submission(name)) for name in self.works]

    def verdicts(self, outputs: list[str]) -> dict[str, Verdict]:
        found = {}
        for name in self.works:
            results = json.loads(
                (self.submission(name) / "results.json").read_text(encoding="utf-8")
            )
            found[name] = verdict(
                [FUNCTIONS[test["number"]] for test in results["tests"] if test["score"] == 1]
            )
        return found


class Check50(Bare):
    """CS50's check50, offline, with local checks."""

    title = "check50"
    requirements = ("check50==3.5.0", NUMPY)
    isolation = "none; a process for each check"

    def write(self) -> None:
        super().write()
        tests = [
            f'@check50.check()\ndef {name}():\n    """{name} is right"""\n    try:\n'
            f'        check_{name}(check50.py.import_("numpy_ann.py").{name})\n'
            "    except Exception as error:\n        raise check50.Failure(str(error))"
            for name in NAMES
        ]
        fill(
            self.folder / "problem" / "__init__.py",
            f"import check50\nimport check50.py\n{IMPORT}",
            *map(check_of, NAMES),
            *tests,
        )
        fill(
            self.folder / "problem" / ".cs50.yaml",
            'check50:\n  files:\n    - !exclude "*"\n    - !require numpy_ann.py',
        )

    def commands(self) -> list[Command]:
        program = self.python.with_name("check50")
        arguments: list[str | Path] = [
            program,
            "--dev",
            "--log-level",
            "warning",
            "--output",
            "json",
            "--",
            self.folder / "problem",
        ]
        return [Command(arguments, self.submission(name)) for name in self.works]

    def verdicts(self, outputs: list[str]) -> dict[str, Verdict]:
        results = [json.loads(output)["results"] for output in outputs]
        right = [[check["name"] for check in checks if check["passed"]] for checks in results]
        return dict(zip(self.works, map(verdict, right), strict=True))
