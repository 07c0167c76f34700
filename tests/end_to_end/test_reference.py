"""The reference, marked in full on the real data: slow, once."""

import re
from pathlib import Path

import pytest

from tests.support import RUBRIC, Marked, mark, write_submission

# what the reference is to reach by itself, above the bars
BARS = {"numpy_ann": 0.875, "pytorch_ann": 0.88, "pytorch_cnn": 0.90}


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Marked:
    return mark(
        write_submission(tmp_path_factory.mktemp("reference") / "ada"),
        "--seed",
        "0",
        "--device",
        "cpu",
    )


def test_the_reference_earns_100(marked: Marked) -> None:
    assert marked.status == 0, marked.out
    assert marked.results["score"] == marked.results["max_score"] == RUBRIC.max_score


def test_the_reference_reaches_its_accuracies(marked: Marked) -> None:
    accuracy = marked.results["extra_data"]["accuracy"]
    assert accuracy.keys() == BARS.keys()
    for script, bar in BARS.items():
        assert accuracy[script] >= bar, accuracy


def test_the_card_shows_every_section_and_the_bars(marked: Marked) -> None:
    assert len(re.findall(r"^  ✓  \d\.\d ", marked.out, re.MULTILINE)) == len(RUBRIC.sections)
    assert re.search(
        rf"numpy_ann.py +8\d\.\d\d%   bar {RUBRIC.bars['numpy_ann']:.0%}   met", marked.out
    )
    assert re.search(
        rf"^Total {RUBRIC.max_score} of {RUBRIC.max_score} points in \d+\.\d s",
        marked.out,
        re.MULTILINE,
    )


@pytest.mark.exhaustive
def test_two_markings_with_one_seed_train_alike(tmp_path: Path) -> None:
    work = write_submission(tmp_path / "ada")
    options = (
        "--only",
        "1.7",
        "--only",
        "3.6",
        "--train-size",
        "1500",
        "--seed",
        "4",
        "--device",
        "cpu",
    )
    first, again = (mark(work, *options).results["extra_data"]["accuracy"] for _ in range(2))
    assert first == again
    assert set(first) == {"numpy_ann", "pytorch_cnn"}
