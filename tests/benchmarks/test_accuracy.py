"""Time to accuracy: every kind of training gives a curve, and the curves are read correctly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import accuracy
from benchmarks.accuracy import Curve, train
from benchmarks.curves import curve
from benchmarks.records import BenchmarkSettings, Spread
from tests.support import run

TINY = ("--train-size", "70", "--test-size", "50")
RISING = Curve((1.0, 2.0, 3.0), (0.84, 0.92, 0.91))


def test_only_training_counts_and_every_epoch_is_tested() -> None:
    done: list[int] = []
    points = list(curve((3, done.append, lambda: len(done) / 4)))
    assert done == [1, 2, 3]
    assert [point["accuracy"] for point in points] == [0.25, 0.5, 0.75]
    assert points[0]["seconds"] < points[1]["seconds"] < points[2]["seconds"] < 0.1


@pytest.mark.parametrize(("kind", "recipe"), [
    ("numpy", "standard"), ("cnn", "fast-short"),
    *(pytest.param(*case, marks=pytest.mark.exhaustive) for case in (
        ("numpy", "reference"), ("cnn", "reference"), ("cnn-plain", "v3"),
    )),
])  # fmt: skip
def test_each_kind_of_training_can_be_raced_and_ended_early(kind: str, recipe: str) -> None:
    found = train(kind, recipe, 0, *TINY, epochs=1)
    assert len(found.seconds) == len(found.accuracies) == 1
    assert found.seconds[0] > 0
    assert 0 <= found.accuracies[0] <= 1


def test_a_training_that_reaches_what_it_runs_for_ends() -> None:
    assert len(train("numpy", "quick", 0, *TINY, until=0.01).seconds) < len(
        train("numpy", "quick", 0, *TINY).seconds
    )


def test_a_target_is_reached_at_the_end_of_the_first_epoch_that_is_so_good() -> None:
    assert RISING.epochs_to(0.91) == 2
    assert RISING.seconds_to(0.91) == 2.0
    assert RISING.seconds_to(0.93) is None


def test_the_fastest_recipe_reaches_the_accuracy_with_every_seed() -> None:
    slow = Curve((9.0,), (0.92,))
    assert accuracy._soonest({"one": [RISING, RISING], "other": [slow, slow]}, 0.9) == Spread(
        (2.0, 2.0)
    )
    assert accuracy._soonest(
        {"one": [RISING, Curve((1.0,), (0.1,))], "other": [slow]}, 0.9
    ) == Spread((9.0,))
    assert accuracy._soonest({"one": [RISING]}, 0.99) is None


@pytest.mark.parametrize(("plain", "measured", "note"), [
    (Curve((30.0, 60.0), (0.9, 0.94)), 20.0, ""),
    (Curve((30.0, 75.0), (0.9, 0.93)), 25.0, "v3 did not reach it"),
])  # fmt: skip
def test_v3_in_a_plain_loop_is_compared_by_its_seconds(
    plain: Curve, measured: float, note: str
) -> None:
    goal = accuracy._plain_goal({"fast": [Curve((1.0, 3.0), (0.9, 0.935))]}, plain)
    assert goal.measured == pytest.approx(measured)
    assert goal.note.startswith(note)
    assert bool(goal.note) == bool(note)


def test_a_goal_that_no_recipe_reaches_says_so() -> None:
    slow = {"fast": [Curve((1.0, 3.0), (0.9, 0.931))]}
    assert accuracy._plain_goal(slow, slow["fast"][0]).verdict == "missed: never reached"
    goals = accuracy._cnn_goals(slow, BenchmarkSettings(full=True))
    assert [goal.measured for goal in goals[2:]] == [None, None]
    assert {goal.verdict for goal in goals[2:]} == {"missed: never reached"}
    assert all(goal.note == "no recipe of `fast` reached it" for goal in goals[2:])


def test_the_section_runs(tmp_path: Path) -> None:
    ran = run("-m", "benchmarks", "accuracy", "--quick", "--output", tmp_path)
    assert ran.returncode == 0, ran.stderr
    (table,) = json.loads((tmp_path / "RESULTS.json").read_text())["sections"]["accuracy"]["tables"]
    assert table["rows"][0][0] == "quick"
    assert table["rows"][0][-1] == "–"  # 300 images teach nobody 91 %
