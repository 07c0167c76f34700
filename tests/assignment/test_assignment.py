"""A Python that is too old for the students' side is named in one line, whatever is started."""

import ast
import tomllib

import pytest

from assignment import OLDEST_PYTHON
from grader.sections import SCRIPTS
from tests.support import ROOT, run

OLD = """
import runpy, sys
sys.version_info = (3, 10, 12, "final", 0)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
READ_BEFORE = ["utils.py", "assignment/__init__.py", *(f"{script}.py" for script in SCRIPTS)]


@pytest.mark.parametrize("command", [
    *([f"{script}.py"] for script in SCRIPTS), ["utils.py", "--checklist"],
])  # fmt: skip
def test_an_old_python_is_named_in_one_line(command: list[str]) -> None:
    ran = run("-c", OLD, *command, cwd=ROOT)
    assert ran.returncode == 2
    assert ran.stdout == ""
    (line,) = ran.stderr.splitlines()
    assert "this is Python 3.10.12" in line
    assert "expected 3.11 or newer" in line
    assert "-m venv" in line


@pytest.mark.parametrize("name", READ_BEFORE)
def test_an_old_python_can_read_what_names_it(name: str) -> None:
    ast.parse((ROOT / name).read_text(encoding="utf-8"), feature_version=(3, 7))


def test_the_oldest_python_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == f">={'.'.join(map(str, OLDEST_PYTHON))}"
