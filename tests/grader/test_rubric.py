"""The rubric is right as shipped, and every mistake in it is one clear line."""

import re
from pathlib import Path

import pytest

import utils
from grader.errors import RubricError
from grader.rubric import RUBRIC_FILE, load_rubric
from tests.support import ROOT


def test_points_add_up_to_100() -> None:
    rubric = load_rubric()
    assert sum(section.points for section in rubric.sections) == rubric.max_score == 100


def test_bars_are_those_that_students_see() -> None:
    bars = {section.script: section.bar for section in load_rubric().sections if section.training}
    assert bars == {name: part.bar for name, part in utils.PARTS.items()}


def test_readme_shows_the_rubrics_points() -> None:
    table = re.search(r"^\| \| 0\.1 .*\n.*\n(.*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert table is not None
    shown = [float(cell) for cell in table.group(1).split("|")[2:-1]]
    assert shown == [section.points for section in load_rubric().sections]


@pytest.mark.parametrize(("old", "new", "message"), [
    ("points = 14", "points = 13", "add up to 99, expected max_score, 100"),
    ("points = 14", "pionts = 14", "section 1.6: unknown entry 'pionts'; did you mean points?"),
    ("points = 14", 'points = "many"', "section 1.6: points is 'many', expected a number from 0 to 1000"),
    ('number = "1.6"', 'number = "1.5"', "section 1.5 is there twice"),
    ('needs = ["1.2"]', 'needs = ["1.7"]', "section 1.5 needs 1.7, which is no earlier section"),
    ("bar = 0.77", "", "section 1.7: expected a bar where training is true"),
    ("bar = 0.77", "bar = 77", "section 1.7: bar is 77, expected a number from 0 to 1"),
    ('script = "pytorch_cnn"', 'script = "pytorch_cn"', "did you mean pytorch_cnn?"),
    ("call_seconds = 20", "call_seconds = 0", "[limits] call_seconds is 0, expected a number from 0.001"),
    ("[limits]", "[limits", "cannot be read"),
    ("max_score = 100", "", "the top level: max_score is missing"),
])  # fmt: skip
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = RUBRIC_FILE.read_text()
    assert old in text
    path = tmp_path / "rubric.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(RubricError) as caught:
        load_rubric(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith("rubric.toml")
    assert "\n" not in str(caught.value).strip()


def test_select_by_number_and_without_training() -> None:
    rubric = load_rubric()
    assert [section.number for section in rubric.select(["2.6", "1.2"], skip_training=False)] == ["1.2", "2.6"]
    assert {"1.7", "2.6", "3.6"}.isdisjoint(section.number for section in rubric.select([], skip_training=True))
    with pytest.raises(RubricError, match=r"there is no section '1.66'; did you mean 1.6"):
        rubric.select(["1.66"], skip_training=False)
