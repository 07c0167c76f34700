"""What a sweep leaves to read: the best, as files, and the figures."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from playground.__main__ import main
from playground.configuration import Configuration
from playground.configuration_files import read_configuration
from playground.errors import BadFile
from playground.sweeps import SweepSettings, figures, records, report
from playground.sweeps.space import space
from tests.playground.sweep_support import SMALL, load


@pytest.fixture(scope="module")
def written(swept: Path) -> list[Path]:
    """The files of the report on that study."""
    return report.write(load(swept), SMALL, swept.parent / "report")


def test_a_trial_is_what_train_makes_of_its_configuration(
    swept: Path, written: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    best = records.best(records.records_of(load(swept)), 1)[0]
    command = SMALL.train_command(written[0])
    assert main([*shlex.split(command)[3:], "--no-test"]) == 0
    assert f"Validation accuracy {best.val_accuracy:.2%} on 200 images" in capsys.readouterr().out


def test_the_suggested_command_trains_on_the_images_of_the_sweep(written: list[Path]) -> None:
    files = ("my images/train.csv", "my images/test.csv")
    settings = SweepSettings("mnist", 300, 200, epochs=2, seed=7, csv=files)
    _, _, options = settings.train_command("best.yaml").partition("train --config best.yaml ")
    assert shlex.split(options) == [
        *("--dataset", "mnist", "--seed", "7", "--train-size", "300", "--validation-size", "200"),
        *("--csv", "my images/train.csv", "my images/test.csv"),
    ]
    for name, config in (("best.yaml", "THIS_FILE"), ("README.md", "best.yaml")):
        assert SMALL.train_command(config) in (written[0].parent / name).read_text()
    assert len(SweepSettings().train_options) == 4  # no sizes: all images


def test_the_report_holds_the_best_and_four_figures(swept: Path, written: list[Path]) -> None:
    assert sorted(path.name for path in written) == [
        "README.md",
        "best.yaml",
        "correlation.png",
        "importance.png",
        "parallel.png",
        "slices.png",
        "top.json",
    ]
    for path in written:
        assert path.suffix != ".png" or path.read_bytes().startswith(b"\x89PNG")
    page = (written[0].parent / "README.md").read_text()
    assert all(f"]({path.name})" in page for path in written if path.suffix == ".png")
    assert "Most important is " in page
    assert "need not agree" in page
    top = report.read_top(written[0].parent / "top.json")
    values = sorted(
        (t.value for t in load(swept).get_trials() if t.value is not None), reverse=True
    )
    assert [accuracy for _, accuracy in top] == values[:3]
    assert all(f"| {value:.2%} |" in page for value in values[:3])
    assert read_configuration(written[0].parent / "best.yaml") == top[0][0]
    assert json.loads((written[0].parent / "top.json").read_text())["trials"]["complete"] == len(
        values
    )


@pytest.mark.parametrize(
    "content", ["", "[]", '{"top": 3}', '{"top": [{}]}', '{"top": [{"configuration": {"x": 1}}]}']
)
def test_a_damaged_file_of_the_best_is_one_line(content: str, tmp_path: Path) -> None:
    (tmp_path / "top.json").write_text(content)
    with pytest.raises(BadFile, match=r"top\.json does not hold the best of a sweep"):
        report.read_top(tmp_path / "top.json")


def test_correlation_tells_which_way_is_up() -> None:
    rng = np.random.default_rng(0)
    found = []
    for number in range(60):
        parameters = {
            name: rng.choice(getattr(dimension, "values", [1, 2]))
            for name, dimension in space(10).items()
        }
        parameters |= {
            "learning_rate": 10.0 ** -rng.uniform(1, 4),
            "optimizer": str(parameters["optimizer"]),
        }
        accuracy = 0.9 - parameters["learning_rate"] - 0.2 * (parameters["optimizer"] == "sgd")
        record = records.Record(number, "complete", accuracy, parameters, Configuration(), 0, 0.0)
        found.append(record)
    values = figures.correlations(found, 10)
    assert values["learning rate"] < -0.5
    assert values["sgd"] < -0.3
    assert abs(values["hidden layers"]) < 0.3


def test_rank_correlation_is_spearmans() -> None:
    from scipy.stats import spearmanr

    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 6, 50).astype(float), rng.normal(size=50)
    assert figures._rank_correlation(a.tolist(), b.tolist()) == pytest.approx(
        spearmanr(a, b).statistic
    )
