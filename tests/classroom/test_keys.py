"""What was marked is marked again exactly where the rubric, the options or the files changed."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from grader.classroom import keys
from grader.classroom.job import Task, mark
from grader.classroom.keys import SectionKeys, content_hash, to_mark
from grader.errors import CannotGrade
from grader.options import Options
from grader.rubric import Rubric
from grader.submission.reading import open_submission
from tests.support import RUBRIC, write_submission


def changed(number: str, **fields: object) -> Rubric:
    return replace(
        RUBRIC,
        sections=tuple(replace(s, **fields) if s.number == number else s for s in RUBRIC.sections),
    )  # type: ignore[arg-type]


def keys_of_all(rubric: Rubric, options: Options) -> dict[str, str]:
    return SectionKeys(rubric, rubric.sections, options, "user").of("work", options)


def touched(rubric: Rubric, options: Options, before: Options | None = None) -> list[str]:
    """The sections whose keys change."""
    earlier, now = keys_of_all(RUBRIC, before or options), keys_of_all(rubric, options)
    return [number for number in now if now[number] != earlier[number]]


ALL = [section.number for section in RUBRIC.sections]
PLAIN = Options(seed=1)


@pytest.mark.parametrize(("rubric", "expected"), [
    (changed("1.6", points=1), []),
    (changed("1.6", hints=("Look again.",) * 3), ["1.6"]),
    (changed("1.2", hints=("Look again.",) * 3), ["1.2", "1.3", "1.5", "1.6"]),  # those that need it
    (changed("1.6", credit="all or nothing"), ["1.6"]),
    (changed("3.6", bar=0.9), ["3.5", "3.6", "3.7"]),
    (replace(RUBRIC, judgement=replace(RUBRIC.judgement, gap=RUBRIC.judgement.level)),
     ["2.5", "2.7", "3.5", "3.7"]),
    (replace(RUBRIC, training=replace(RUBRIC.training, margin=0.5)),
     ["1.7", "2.5", "2.6", "2.7", "3.5", "3.6", "3.7"]),
    (replace(RUBRIC, limits=replace(RUBRIC.limits, call_seconds=1)), ALL),
    (replace(RUBRIC, limits=replace(
        RUBRIC.limits, train_seconds=RUBRIC.limits.train_seconds | {"numpy_ann": 1})), ["1.7"]),
])  # fmt: skip
def test_a_changed_rubric_touches_what_it_says_and_no_more(
    rubric: Rubric, expected: list[str]
) -> None:
    assert touched(rubric, PLAIN) == expected


@pytest.mark.parametrize(("options", "expected"), [
    (replace(PLAIN, seed=2), ALL),
    (replace(PLAIN, train_size=1000), ["1.7", "2.5", "2.6", "2.7", "3.5", "3.6", "3.7"]),
    (replace(PLAIN, skip_training=True), ["1.7", "2.5", "2.6", "2.7", "3.5", "3.6", "3.7"]),
    (replace(PLAIN, only=("1.2", "1.3")), ["1.7", "2.5", "2.6", "2.7", "3.5", "3.6", "3.7"]),
    (replace(PLAIN, sandbox="bubblewrap"), []),
])  # fmt: skip
def test_options_touch_the_sections_that_look_at_them(
    options: Options, expected: list[str]
) -> None:
    assert touched(RUBRIC, options, PLAIN) == expected


def test_sections_that_read_curves_are_marked_with_the_training() -> None:
    assert to_mark(RUBRIC, ["1.2", "2.7"], PLAIN) == ("1.2", "2.6", "2.7")
    assert to_mark(RUBRIC, ["1.2", "2.7"], replace(PLAIN, skip_training=True)) == ("1.2", "2.7")


def test_the_same_files_under_another_name_are_the_same_work(tmp_path: Path) -> None:
    one, two = (open_submission(write_submission(tmp_path / name)) for name in ("ada", "bob"))
    assert content_hash(one) == content_hash(two)
    moved = replace(one, scripts=one.scripts | {"numpy_ann": one.scripts["numpy_ann"] + b"\n"})
    assert content_hash(moved) != content_hash(one)


def test_a_process_with_another_grader_refuses(tmp_path: Path) -> None:
    task = Task(
        "w",
        open_submission(write_submission(tmp_path / "ada")),
        ("1.2",),
        RUBRIC,
        PLAIN,
        "none",
        "another",
        1,
    )
    with pytest.raises(CannotGrade, match="expected the same checkout"):
        mark(task)


def test_the_graders_version_is_that_of_its_marking_code() -> None:
    version = keys.grader_version()
    assert re.fullmatch("[0-9a-f]{64}", version)
    read = {path.name for path in keys.marking_files()}
    assert {
        "marking.py",
        "entry.py",
        "protocol.py",
        "perturbation.py",
        "utils.py",
        "step.py",
        "numpy_ann.py",
        "stand_ins.py",
    } <= read
    assert not read & {
        "batch.py",
        "gradebook.py",
        "__main__.py",
        "terminal.py",
        "handout.py",
        "student_page.py",
        "findings.py",
    }
    assert all(
        (keys.GRADER / name).exists() for name in keys.NOT_MARKING
    )  # nothing was moved away unnoticed
