"""The specimens: right answers keep their points; wrong ones lose their own and are explained."""

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from grader.feedback.misconceptions import CATALOGUE
from grader.report.pictures import OfficialImages
from grader.report.student_page import PageContent, page
from grader.report.text import feedback
from grader.results import Report, SectionResult, Status
from grader.sections import BY_NUMBER
from grader.submission.reading import PLOTS
from tests.leaks import leaked, without_own_words
from tests.pictures import PICTURES
from tests.support import ROOT, first_of_each, mark_here, sampled, script_with, write_submission

SPECIMENS = ROOT / "tests" / "specimens"
RIGHT = tomllib.loads((SPECIMENS / "right.toml").read_text())["right"]
WRONG = [
    one
    for part in ("numpy", "torch")
    for one in tomllib.loads((SPECIMENS / f"wrong_{part}.toml").read_text())["wrong"]
]
WHOLE = tomllib.loads((SPECIMENS / "whole_scripts.toml").read_text())


@pytest.mark.parametrize(
    "specimen", sampled(RIGHT, every=8), ids=lambda s: f"{s['section']} {s['style']}"
)
def test_right_answers_keep_their_points(tmp_path: Path, specimen: dict) -> None:
    section, others = specimen["section"], specimen.get("others", {})
    part = section[0]
    asked = [section] if part == "1" else [f"{part}.{number}" for number in (1, 2, 3, 4)]
    work = write_submission(tmp_path / "work", {section: specimen["code"], **others})
    for result in mark_here(work, asked).values():
        assert result.status is Status.PASSED, feedback(result)
        assert result.notes == ()


@pytest.mark.parametrize(
    "specimen",
    first_of_each(WRONG, lambda s: tuple(s["ids"]), every=2),
    ids=lambda s: f"{s['section']} {s['mistake']}",
)
def test_wrong_answers_are_found_named_and_explained(tmp_path: Path, specimen: dict) -> None:
    work = write_submission(
        tmp_path / "work", {specimen["section"]: specimen["code"], **specimen.get("others", {})}
    )
    (result,) = mark_here(work, [specimen["section"]]).values()
    assert result.status is Status.FAILED
    assert result.points == specimen.get("points", 0)
    assert specimen["message"] in feedback(result)
    assert list(result.diagnosis) == specimen["ids"]
    expect_no_leak(result, (work / f"{result.script}.py").read_bytes())


def expect_no_leak(result: SectionResult, source: bytes) -> None:
    """Three hints, and no line of the reference in them or elsewhere on the student's page."""
    assert len(result.verdict.hints) == 3
    assert all(leaked(hint) == [] for hint in result.verdict.hints)
    report = Report((result,), {}, {}, 1.0, 1, "cpu", "none", "ada")
    shown = page(PageContent(report, "Ada", sources={result.script: source}), OfficialImages())
    assert leaked(without_own_words(shown)) == []


@pytest.mark.parametrize(
    "specimen", sampled(WHOLE["script"], every=8), ids=lambda s: f"{s['section']} {s['mistake']}"
)
def test_scripts_that_are_wrong_as_a_whole(tmp_path: Path, specimen: dict) -> None:
    section = specimen["section"]
    script = BY_NUMBER[section].script
    source = script_with(script, {})
    assert specimen["replace"] in source
    changed = source.replace(specimen["replace"], specimen["with"], 1)
    work = write_submission(tmp_path / "work", **{script: changed})
    trained = BY_NUMBER[section].training or BY_NUMBER[section].reads_curves
    result = mark_here(
        work,
        [section, *([f"{section[0]}.6"] if BY_NUMBER[section].reads_curves else [])],
        train_size=1000 if trained else None,
        seconds=specimen.get("seconds"),
        call_seconds=specimen.get("call_seconds"),
    )[section]
    assert result.points == 0
    assert specimen["message"] in feedback(result)
    assert list(result.diagnosis) == specimen["ids"]


@pytest.mark.parametrize(
    "specimen", sampled(WHOLE["plot"], every=4), ids=lambda s: f"{s['section']} {s['picture']}"
)
def test_plots_that_are_wrong(tmp_path: Path, specimen: dict) -> None:
    section, picture = specimen["section"], specimen["picture"]
    work = write_submission(tmp_path / "work")
    plot = work / PLOTS["pytorch_ann" if section == "2.7" else "pytorch_cnn"]
    plot.unlink()
    if picture != "none":
        plot.write_bytes(PICTURES[picture]())
    (result,) = mark_here(work, [section]).values()
    assert result.points == 0
    assert specimen["message"] in feedback(result)
    assert list(result.diagnosis) == specimen["ids"]


# of part 1, one specimen for each id in a section; of parts 2 and 3, those that say so
ALONE = [
    *{
        (s["section"], *s["ids"]): s for s in WRONG if s["section"] in ("1.2", "1.3", "1.4", "1.5")
    }.values(),
    *(s for s in WRONG if s.get("alone")),
]


@pytest.mark.parametrize(
    "specimen",
    sampled(ALONE, every=16),
    ids=lambda s: f"{s['section']} {s['mistake']}",
)
def test_a_wrong_part_costs_no_other(tmp_path: Path, specimen: dict) -> None:
    section = specimen["section"]
    work = write_submission(
        tmp_path / "work", {section: specimen["code"], **specimen.get("others", {})}
    )
    numbers = (
        ["1.2", "1.3", "1.4", "1.5", "1.6"]
        if section[0] == "1"
        else [f"{section[0]}.{number}" for number in (1, 2, 3, 4)]
    )
    failed = [
        number
        for number, result in mark_here(work, numbers).items()
        if result.status is Status.FAILED
    ]
    assert failed == [section]


def test_every_misconception_has_two_specimens() -> None:
    counts = Counter(
        name for specimen in [*WRONG, *WHOLE["script"], *WHOLE["plot"]] for name in specimen["ids"]
    )
    assert counts.keys() == CATALOGUE.keys()
    assert {name for name, count in counts.items() if count < 2} == set()


def test_every_wrong_formula_stands_in_a_slot_that_is_tried() -> None:
    slots = {
        "value",
        "sum",
        "sign",
        "base",
        "divisor",
        "bias",
        "hidden",
        "output",
        "start",
        "way",
        "gate",
        "input",
        "product",
        "scale",
    }
    for entry in CATALOGUE.values():
        assert entry.wrong, entry.id
        if not isinstance(entry.wrong, str):
            assert entry.wrong.keys() <= slots, entry.id


@pytest.mark.parametrize("seed", sampled(range(3), every=3))
def test_the_reference_passes_whatever_the_seed(tmp_path: Path, seed: int) -> None:
    work = write_submission(tmp_path / "work")
    numbers = [f"1.{n}" for n in range(2, 7)] + [
        f"{part}.{n}" for part in (2, 3) for n in range(1, 6)
    ]
    failed = {
        n: feedback(r)
        for n, r in mark_here(work, numbers, seed=seed).items()
        if r.status is not Status.PASSED
    }
    assert failed == {}
