"""The stubs are the reference less its solutions, nothing leaks, markers are watched, the handout works as a student gets it."""

import ast
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from assignment.section_checks import CHECKS
from grader.errors import HandoutError
from grader.handout.folder import (
    MANIFEST,
    Solution,
    leaks,
    notebook,
    reference_source,
    solved,
    split,
    stub,
    students_half,
    write_handout,
)
from grader.sections import SCRIPTS
from tests.support import ROOT, run


@pytest.fixture(scope="module")
def handout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The students' folder, with data."""
    out = tmp_path_factory.mktemp("handout")
    folder, archive = write_handout(out)
    assert archive == out / "fashion-network.zip"
    return folder


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
def test_no_line_of_a_solution_is_in_the_stub_and_all_are_in_the_reference(script: str) -> None:
    source = reference_source(script)
    assert leaks(stub(source, f"{script}.py"), script) == []
    assert len(leaks(solved(source, f"{script}.py"), script)) > 5
    assert "SOLUTION" not in solved(source, f"{script}.py")


MARKED = "def relu(z):\n    # BEGIN SOLUTION 1.2\n    return z\n    # END SOLUTION 1.2\n"


@pytest.mark.parametrize(("source", "message"), [
    (MARKED.replace("return z", "# BEGIN SOLUTION 1.3"), "line 3: a solution begins inside that of line 2"),
    (MARKED.replace("    # BEGIN SOLUTION 1.2\n", ""), "line 3: a solution ends that never began"),
    (MARKED.replace("# BEGIN SOLUTION 1.2", "# BEGIN SOLUTION 9.9"), "line 2: section '9.9' is unknown"),
    (MARKED.replace("# BEGIN SOLUTION 1.2", "# BEGIN SOLUTION 2.1"), "line 2: section '2.1' is unknown"),
    (MARKED.replace("# BEGIN SOLUTION 1.2", "# BEGIN SOLUTION"), "line 2: section '' is unknown"),
    (MARKED.replace("# END SOLUTION 1.2", "# END SOLUTION 1.3"), "line 4: END SOLUTION 1.3, expected 1.2"),
    (MARKED.replace("    # END SOLUTION 1.2\n", ""), "line 2: the solution of 1.2 is never closed"),
    (MARKED.replace("# BEGIN SOLUTION 1.2", "# begin solution 1.2"), "line 2: '# begin solution 1.2' is no marker"),
    (MARKED.replace("# BEGIN SOLUTION 1.2", "x = 1  # BEGIN SOLUTION 1.2"), "is no marker"),
    (MARKED + MARKED, "line 6: section 1.2 has a solution already"),
    ("# STUB x = 1\n" + MARKED, "line 1: '# STUB x = 1' is no marker"),
])  # fmt: skip
def test_wrong_markers_are_refused_with_file_and_line(source: str, message: str) -> None:
    with pytest.raises(HandoutError) as caught:
        stub(source, "numpy_ann.py")
    assert str(caught.value).startswith("numpy_ann.py, line ")
    assert message in str(caught.value)


def test_a_marked_block_becomes_a_stub() -> None:
    expected = 'def relu(z):\n    raise NotImplementedError("TODO 1.2: relu in numpy_ann.py")\n'
    assert stub(MARKED, "numpy_ann.py") == expected


def test_the_folder_holds_what_students_need_and_nothing_of_the_grader(handout: Path) -> None:
    names = {str(path.relative_to(handout)) for path in handout.rglob("*") if path.is_file()}
    assert {
        "numpy_ann.py",
        "numpy_ann.ipynb",
        "utils.py",
        "README.md",
        "requirements.txt",
        "environment.yml",
    } <= names
    assert "data/FashionMNIST/raw/train-images-idx3-ubyte.gz" in names
    assert "tests/test_numpy_ann.py" in names
    text = "".join(
        path.read_text()
        for path in handout.rglob("*")
        if path.suffix in (".py", ".md", ".txt", ".ipynb", ".yml")
    )
    assert "assignment/rubric.toml" in names
    assert "grader" not in text.replace("grader error", "")
    assert "SOLUTION" not in text


def test_students_read_their_half_of_the_readme(handout: Path) -> None:
    text = (handout / "README.md").read_text()
    assert text.startswith("# From relu to a convolutional network\n")
    assert "## Notes" in text
    assert "playground" not in text
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (handout / target).exists(), target


@pytest.mark.parametrize("mark", ["<!-- handout: begin -->", "<!-- handout: end -->"])
def test_a_readme_without_its_marks_is_refused(mark: str) -> None:
    readme = (ROOT / "README.md").read_text()
    with pytest.raises(HandoutError, match=r"README\.md is missing"):
        students_half(readme.replace(mark, ""))


def test_the_zip_unpacks_to_the_folder(handout: Path) -> None:
    with zipfile.ZipFile(handout.with_suffix(".zip")) as archive:
        assert archive.testzip() is None
        packed = {name.split("/", 1)[1] for name in archive.namelist()}
    files = {str(path.relative_to(handout)) for path in handout.rglob("*") if path.is_file()}
    assert packed == files - {MANIFEST}


def test_without_data_the_scripts_say_where_to_get_it(tmp_path: Path) -> None:
    folder, _ = write_handout(tmp_path, with_data=False)
    assert not list(folder.rglob("*.gz"))
    (folder / "numpy_ann.py").write_text(solved(reference_source("numpy_ann"), "numpy_ann.py"))
    ran = run("numpy_ann.py", cwd=folder)
    assert ran.returncode == 2
    assert "python utils.py --download" in ran.stderr


def test_the_handouts_first_command(handout: Path) -> None:
    ran = run("numpy_ann.py", cwd=handout)
    assert ran.returncode == 1
    assert "Next: write 1.2 relu, then run python numpy_ann.py again." in ran.stdout


def test_a_solution_in_a_helper_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import grader.handout.folder

    project = tmp_path / "project"
    project.mkdir()
    for name in ("README.md", "requirements.txt", "environment.yml", "data", "tests", "assignment"):
        (project / name).symlink_to(ROOT / name)
    (project / "utils.py").write_text(
        (ROOT / "utils.py").read_text()
        + "\n# dW2 = self.a1.T @ dz2  # (h, k)\ndz1 = da1 * relu_derivative(self.z1)\n"
    )
    monkeypatch.setattr(grader.handout.folder, "ROOT", project)
    with pytest.raises(
        HandoutError, match=r"utils.py holds a line of the solution: 'dz1 = da1 \* relu_derivative"
    ):
        write_handout(tmp_path / "out", with_data=False)


def run_notebook(source: str, folder: Path) -> str:
    """Execute a notebook as Jupyter would; everything it printed."""
    book = nbformat.reads(source, as_version=4)
    NotebookClient(
        book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)


@pytest.mark.parametrize("script", SCRIPTS)
def test_notebooks_run_top_to_bottom_with_the_reference_filled_in(
    handout: Path, script: str
) -> None:
    source = notebook(solved(reference_source(script), f"{script}.py"))
    quick = source.replace("main([])", "main(['--train-size', '1000', '--epochs', '1'])", 1)
    assert quick != source
    printed = run_notebook(quick, handout)
    assert "Training on 1,000 images" in printed
    assert "Test accuracy" in printed


def test_the_stub_notebook_runs_without_an_error(handout: Path) -> None:
    printed = run_notebook((handout / "numpy_ann.ipynb").read_text(), handout)
    assert "Next: write 1.2 relu, then run the last cell again." in printed


def test_in_colab_the_notebook_finds_the_uploaded_zip(handout: Path, tmp_path: Path) -> None:
    (tmp_path / "fashion-network.zip").symlink_to(handout.with_suffix(".zip"))
    printed = run_notebook((handout / "numpy_ann.ipynb").read_text(), tmp_path)
    assert "1.2 relu" in printed


def test_notebooks_are_the_same_for_the_same_source() -> None:
    assert notebook(stub(reference_source("numpy_ann"), "numpy_ann.py")) == notebook(
        stub(reference_source("numpy_ann"), "numpy_ann.py")
    )
    cells = json.loads(notebook(stub(reference_source("numpy_ann"), "numpy_ann.py")))["cells"]
    assert cells[0]["cell_type"] == "markdown"
    assert "run the last cell" in "".join(cells[0]["source"])


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
