"""What feedback and commands say of submissions that need reading with good will."""

from pathlib import Path

import pytest

from grader.classroom.gradebook import Gradebook
from grader.classroom.keys import content_hash
from grader.classroom.people import Student
from grader.marking.marking import Marking
from grader.options import Options
from grader.results import SectionResult, Status
from grader.rubric import load_rubric
from grader.sandbox.levels import choose
from grader.submission.reading import open_submission
from tests.classroom.namings import WHOLE, one_notebook, with_code
from tests.classroom.support import batch, make_class
from tests.support import mark_here, run

LEVELS = ("bubblewrap", "user", "none")


def laid_out(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def marked(
    folder: Path, files: dict[str, bytes], *numbers: str, level: str = "auto"
) -> dict[str, SectionResult]:
    submission = open_submission(laid_out(folder, files))
    options = Options(seed=0, only=numbers, skip_training=True, sandbox=level)
    return Marking(submission, load_rubric(), options).mark_all()


def test_a_near_name_passes_and_is_said(tmp_path: Path) -> None:
    files = {name.replace("numpy", "Numpy"): content for name, content in WHOLE.items()}
    results = marked(tmp_path / "ada", files, "0.1", "1.2")
    assert [result.status for result in results.values()] == [Status.PASSED] * 2
    assert results["0.1"].verdict.notes == ("Numpy_ann.py was read as numpy_ann.py.",)


def test_two_near_names_fail_their_sections_by_name(tmp_path: Path) -> None:
    files = {name: content for name, content in WHOLE.items() if name != "numpy_ann.py"}
    files |= {"numpy_ann (1).py": b"x = 1", "numpy_ann (2).py": b"x = 2"}
    results = marked(tmp_path / "ada", files, "0.1", "1.2")
    for number in ("0.1", "1.2"):
        assert results[number].status is Status.FAILED
        assert "numpy_ann (1).py and numpy_ann (2).py could be meant" in results[number].verdict.got


def test_one_notebook_with_everything_loses_the_checklist_alone(tmp_path: Path) -> None:
    results = marked(tmp_path / "ada", one_notebook(), "0.1", "1.2", "1.6")
    assert [n for n, result in results.items() if result.status is Status.FAILED] == ["0.1"]
    assert "“Assignment 2.ipynb” holds 3 of the scripts" in results["0.1"].verdict.got
    assert "Assignment 2.ipynb was read as" in results["0.1"].verdict.notes[0]


def test_an_encoding_problem_is_named_with_its_cure(tmp_path: Path) -> None:
    files = WHOLE | {"numpy_ann.py": b"# caf\xe9\n" + WHOLE["numpy_ann.py"]}
    result = marked(tmp_path / "ada", files, "1.2")["1.2"]
    assert result.diagnosis == ("syntax-error",)
    assert "numpy_ann.py is not in UTF-8 (byte 0xe9 in line 1): save it" in result.verdict.got


TRIED = """
for module in ("cupy", "subprocess", "urllib"):
    pass
try:
    import subprocess, cupy
except ImportError:
    pass
else:
    raise SystemExit("it is there")
with __import__("contextlib").suppress(ImportError):
    import urllib.request
    raise SystemExit("it is there")
import matplotlib.pyplot as plt
from tqdm import tqdm
figure, axes = plt.subplots()
axes.plot([1, 2])
figure.savefig("x.png")
plt.show()
"""


@pytest.mark.parametrize("level", LEVELS)
def test_imports_come_out_alike_at_every_sandbox_level(tmp_path: Path, level: str) -> None:
    if choose(level).level != level:
        pytest.skip(f"no {level} here")
    result = marked(tmp_path / "ada", with_code(TRIED), "1.2", level=level)["1.2"]
    assert result.status is Status.PASSED, result.verdict


def test_how_it_was_read_survives_the_gradebook(tmp_path: Path) -> None:
    files = {name.replace(".py", " (1).py"): content for name, content in WHOLE.items()}
    submission = open_submission(laid_out(tmp_path / "ada", files))
    with Gradebook(tmp_path / "grades.db", create=True) as book:
        work = content_hash(submission)
        book.hand_in([Student("ada", "Ada")], work, submission)
        kept = book.submission(work)
    assert kept == submission
    assert work != content_hash(open_submission(laid_out(tmp_path / "bob", WHOLE)))


@pytest.mark.exhaustive
def test_an_alias_is_an_option_of_every_way_to_mark(tmp_path: Path) -> None:
    files = {name.replace("numpy_ann.py", "hw1.py"): content for name, content in WHOLE.items()}
    work = laid_out(tmp_path / "ada", files)
    alias = "--alias=hw1.py=numpy_ann.py"
    for command in (("grade", work), ("pytest", f"--submission={work}")):
        start = (
            ["-P", "-m", "grader"] if command[0] == "grade" else ["-P", "-m", "pytest", "grader/"]
        )
        rest = command if command[0] == "grade" else command[1:]
        ran = run(*start, *rest, "--only=0.1,1.2", alias)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    ran = run("-P", "-m", "grader", "grade", work, "--only=1.2", "--alias=hw2.py=numpy_ann.py")
    assert ran.returncode == 2
    assert ran.stderr.startswith("error: --alias names hw2.py, which")


def test_batch_takes_aliases_and_lists_them(tmp_path: Path) -> None:
    submissions = make_class(tmp_path / "class", "ada bob")
    (submissions / "ada" / "numpy_ann.py").rename(submissions / "ada" / "hw1.py")
    book = tmp_path / "grades.db"
    assert "ada: ada/ holds none" in batch(submissions, book).stderr
    ran = batch(submissions, book, "--alias", "hw1.py=numpy_ann.py")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("Taken under another name:\n  ada: hw1.py as numpy_ann.py\n")


@pytest.mark.exhaustive
def test_batch_lists_what_may_stand_for_a_missing_file(tmp_path: Path) -> None:
    submissions = make_class(tmp_path / "class", "ada bob eve")
    for student, names in {
        "ada": ["numpy_ann_v2.py"],
        "bob": ["numpy_ann (1).py", "numpy_ann (2).py"],
    }.items():
        script = submissions / student / "numpy_ann.py"
        (submissions / student / "pytorch_ann.py").write_text("x = 1")
        for name in names:
            (submissions / student / name).write_bytes(script.read_bytes())
        script.unlink()
    ran = batch(submissions, tmp_path / "grades.db")
    head, ada, bob, _, last = ran.stdout.splitlines()
    assert head.startswith("Missing")
    assert "--alias FOUND=NAME" in head
    assert ada.startswith("  ada: numpy_ann.py is missing")
    assert ada.endswith("Also there, and not read: numpy_ann_v2.py.")
    assert bob.startswith("  bob: numpy_ann.py is missing: numpy_ann (1).py and numpy_ann (2).py")
    assert "marked. Next:" in last


def test_mark_here_marks_what_is_prepared(tmp_path: Path) -> None:
    """The helper of other tests goes the same way as the commands."""
    folder = laid_out(tmp_path / "ada", with_code("import torch"))
    assert mark_here(folder, ["1.2"])["1.2"].status is Status.PASSED
