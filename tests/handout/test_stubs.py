"""The scripts that students get: no solution in them, and wrong markers are refused."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from assignment.section_checks import CHECKS
from grader.__main__ import main
from grader.errors import HandoutError
from grader.handout.stubs import Solution, leaks, reference_source, solved, split, stub
from grader.sections import SCRIPTS
from tests.support import ROOT


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_at_the_root_are_generated_from_the_reference(script: str) -> None:
    assert (ROOT / f"{script}.py").read_text() == stub(reference_source(script), f"{script}.py")


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_section_has_one_solution(script: str) -> None:
    sections = [
        part.section
        for part in split(reference_source(script), f"{script}.py")
        if isinstance(part, Solution)
    ]
    checked = [check.number for check in CHECKS[script] if check.number != "1.1"]
    assert sorted(sections) == checked


@pytest.mark.parametrize("script", SCRIPTS)
def test_stubs_raise_with_their_section_name_and_file(script: str) -> None:
    source = stub(reference_source(script), f"{script}.py")
    raised = [
        node.exc.args[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Raise)
    ]
    wanted = [
        check.number for check in CHECKS[script] if check.number[-1] != "5" or script == "numpy_ann"
    ]
    assert [text.split(":")[0] for text in raised] == [
        f"TODO {number}" for number in wanted if number != "1.1"
    ]
    assert all(text.endswith(f" in {script}.py") for text in raised)


@pytest.mark.parametrize("script", SCRIPTS)
def test_stub_docstrings_say_what_a_student_needs(script: str) -> None:
    """Shapes where arrays come in, the trap, and the expected length."""
    tree = ast.parse(stub(reference_source(script), f"{script}.py"))
    stubs = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and isinstance(node.body[-1], ast.Raise)
    ]
    assert stubs
    for function in stubs:
        text = ast.get_docstring(function) or ""
        assert "About " in text, function.name
        assert "trap:" in text, function.name


@pytest.mark.parametrize("script", SCRIPTS)
def test_no_line_of_a_solution_is_in_the_stub(script: str) -> None:
    source = reference_source(script)
    assert leaks(stub(source, f"{script}.py"), script) == []
    assert len(leaks(solved(source, f"{script}.py"), script)) > 5
    assert "SOLUTION" not in solved(source, f"{script}.py")


MARKED = "def relu(z):\n    # BEGIN SOLUTION 1.2\n    return z\n    # END SOLUTION 1.2\n"


@pytest.mark.parametrize(("source", "message"), [
    (MARKED.replace("return z", "# BEGIN SOLUTION 1.3"),
     "line 3: a solution begins inside that of line 2"),
    (MARKED.replace("    # BEGIN SOLUTION 1.2\n", ""), "line 3: END SOLUTION without BEGIN"),
    (MARKED.replace("# BEGIN SOLUTION 1.2", "# BEGIN SOLUTION 9.9"),
     "line 2: section '9.9' is unknown"),
    (MARKED.replace("# BEGIN SOLUTION 1.2", "# BEGIN SOLUTION 2.1"),
     "line 2: section '2.1' is unknown"),
    (MARKED.replace("# BEGIN SOLUTION 1.2", "# BEGIN SOLUTION"), "line 2: section '' is unknown"),
    (MARKED.replace("# END SOLUTION 1.2", "# END SOLUTION 1.3"),
     "line 4: END SOLUTION 1.3, expected 1.2"),
    (MARKED.replace("    # END SOLUTION 1.2\n", ""), "line 2: the solution of 1.2 is never closed"),
    (MARKED.replace("# BEGIN SOLUTION 1.2", "# begin solution 1.2"),
     "line 2: '# begin solution 1.2' is not a marker"),
    (MARKED.replace("# BEGIN SOLUTION 1.2", "x = 1  # BEGIN SOLUTION 1.2"), "is not a marker"),
    (MARKED + MARKED, "line 6: section 1.2 already has a solution"),
    ("# STUB x = 1\n" + MARKED, "line 1: '# STUB x = 1' is not a marker"),
])  # fmt: skip
def test_wrong_markers_are_refused_with_file_and_line(source: str, message: str) -> None:
    with pytest.raises(HandoutError) as caught:
        stub(source, "numpy_ann.py")
    assert str(caught.value).startswith("numpy_ann.py, line ")
    assert message in str(caught.value)


def test_a_marked_block_becomes_a_stub() -> None:
    expected = 'def relu(z):\n    raise NotImplementedError("TODO 1.2: relu in numpy_ann.py")\n'
    assert stub(MARKED, "numpy_ann.py") == expected


def test_the_command_line_writes_the_stubs_that_are_committed() -> None:
    before = {script: (ROOT / f"{script}.py").read_bytes() for script in SCRIPTS}
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "grader", "handout", "--stubs"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert before == {script: (ROOT / f"{script}.py").read_bytes() for script in SCRIPTS}


@pytest.mark.parametrize("options", [["--no-data"], ["--out", "elsewhere"]])
def test_options_of_the_handout_are_refused_beside_stubs(
    options: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["handout", "--stubs", *options]) == 2
    printed = capsys.readouterr()
    assert "expected --stubs without them" in printed.err
    assert printed.out == ""
