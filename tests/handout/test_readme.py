"""README.md: what students read of it, and its tables."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from grader.errors import HandoutError
from grader.handout.readme import students_half, tables
from grader.rubric import load_rubric
from tests.support import ROOT, run


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


RUBRIC = load_rubric()
LESS = 1.5  # points that 1.6 loses in the copy below
POINTS, BAR = RUBRIC.by_number["1.6"].points - LESS, 0.7125


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of this project with another bar and other points, whose README.md is out of date."""
    copy = tmp_path / "project"
    for name in ("grader", "assignment"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("utils.py", "README.md"):
        shutil.copyfile(ROOT / name, copy / name)
    for name in ("data", "tests", "requirements.txt", "environment.yml"):
        (copy / name).symlink_to(ROOT / name)
    rubric = copy / "grader" / "rubric.toml"
    text = rubric.read_text()
    for old, new in (
        (f"bar = {RUBRIC.by_number['1.7'].bar}", f"bar = {BAR}"),
        (f"points = {POINTS + LESS:g}", f"points = {POINTS}"),
        (f"max_score = {RUBRIC.max_score:g}", f"max_score = {RUBRIC.max_score - LESS}"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    rubric.write_text(text)
    return copy


def test_tables_follow_a_changed_rubric(project: Path, tmp_path: Path) -> None:
    """Until `--stubs` has updated README.md, there is no handout."""

    def handout(*options: str | Path) -> subprocess.CompletedProcess[str]:
        return run("-P", "-m", "grader", "handout", *options, cwd=tmp_path, PYTHONPATH=str(project))

    before = (project / "README.md").read_text()
    refused = handout("--no-data", "--out", tmp_path / "out")
    assert refused.returncode == 2
    assert "README.md shows the points" in refused.stderr
    assert not (tmp_path / "out").exists()
    assert handout("--stubs").returncode == 0
    after = (project / "README.md").read_text()
    expected = tables(before)
    expected["bars"][0] = f"{100 * BAR:g} %"
    expected["points"][expected["sections"].index("1.6")] = f"{POINTS:g}"
    assert tables(after) == expected
    changed = [
        new for old, new in zip(before.split("\n"), after.split("\n"), strict=True) if old != new
    ]
    assert len(changed) == 2
    assert handout("--no-data", "--out", tmp_path / "out").returncode == 0
    folder = tmp_path / "out" / "fashion-network"
    assert (folder / "README.md").read_text() == students_half(after)
    sections = tomllib.loads((folder / "assignment" / "rubric.toml").read_text())["section"]
    shown = {section["number"]: (section["points"], section.get("bar")) for section in sections}
    assert (shown["1.6"][0], shown["1.7"][1]) == (POINTS, BAR)
