"""Nothing that a student reads names a path of the machine that marked it."""

import re
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from grader.report.text import feedback
from grader.sandbox.own_paths import without_paths
from tests.support import mark, mark_here, sampled, write_submission

# every way that code finds out where it runs
EVERYWHERE = """
import os, sys, sysconfig, tempfile, traceback, warnings
places = [
    __file__, os.getcwd(), os.path.abspath("data"), sys.executable, sys.prefix, sys.base_prefix,
    np.__file__, os.__file__, tempfile.gettempdir(), os.path.expanduser("~"), *sys.path,
    sysconfig.get_path("stdlib"), utils.__file__, os.path.realpath(__file__),
]
"""
WAYS = {
    "prints": "print(*places)",
    "prints a list": "print(places)",
    "prints many": "print(*(places * 50))",
    "warns": "[warnings.warn(str(place)) for place in places]",
    "prints a traceback": "try:\n    raise ValueError\nexcept ValueError:\n    traceback.print_exc()",
    "raises": "raise RuntimeError(f'{places} {places[0]}: {places[1]}, ({places[2]})')",
    "opens a file": "open(os.path.join(os.getcwd(), 'missing.csv'))",
    "returns text": "return ' '.join(places)",
    "asserts": "assert not places, places",
}
# a folder of this machine, at the beginning of a word
ABSOLUTE = re.compile(r"(?<![\w./])/(?:[\w.+-]+/)*[\w.+-]+")


def paths_in(text: str) -> list[str]:
    return [path for path in ABSOLUTE.findall(text) if Path(path).exists() or "submission" in path]


@pytest.mark.parametrize("way", sampled(WAYS, every=2))
def test_what_student_code_finds_out_is_not_shown(tmp_path: Path, way: str) -> None:
    code = f"{EVERYWHERE}{WAYS[way]}\nreturn z"
    work = write_submission(tmp_path / "work", {"1.2": code})
    (result,) = mark_here(work, ["1.2"]).values()
    source = "".join(frame.source for frame in result.verdict.trace)
    assert paths_in(feedback(result).replace(source, "")) == []


@pytest.mark.parametrize("level", ["auto", "none"])
def test_results_and_page_name_no_path(tmp_path: Path, level: str) -> None:
    code = f"{EVERYWHERE}print(*places)\nraise RuntimeError(str(places))"
    work = write_submission(tmp_path / "work", {"1.2": code})
    page = tmp_path / "report.html"
    marked = mark(work, "--only", "1.2", "--sandbox", level, "--html", page)
    shown = str(marked.section("1.2")) + page.read_text()
    assert "RuntimeError" in shown
    mine = {sys.prefix, sys.base_prefix, tempfile.gettempdir(), str(Path.home())}
    mine |= {"/submission", "/scratch", str(Path(np.__file__).parent), str(Path.cwd())}
    assert [path for path in mine if f"{path}/" in shown.replace("//", "/")] == []


@pytest.mark.parametrize(("text", "expected"), [
    ("/submission/numpy_ann.py:57: careful", "numpy_ann.py:57: careful"),
    ('File "/submission/pytorch_ann.py", line 3', 'File "pytorch_ann.py", line 3'),
    ("in /scratch, or /scratch/x.csv", "in …, or x.csv"),
    (f"{tempfile.gettempdir()}/submission-9vxb/code/numpy_ann.py", "numpy_ann.py"),
    (f"{np.__file__}: no", "numpy/__init__.py: no"),
    ("my /content/drive/data.csv, 3/4, a/b and /submissions/x",
     "my /content/drive/data.csv, 3/4, a/b and /submissions/x"),
    ("no path", "no path"),
])  # fmt: skip
def test_paths_of_the_machine_become_relative(text: str, expected: str) -> None:
    assert without_paths(text) == expected
