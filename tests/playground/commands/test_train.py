"""`python -m playground train`: what it says about the training, and what it refuses."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from playground import plots
from playground.__main__ import main
from playground.csv_files import write_csv

TINY = ["train", "--validation-size", "20", "--hidden-sizes", "8", "--no-test"]


@pytest.fixture
def noise(tmp_path: Path) -> list[str]:
    """Images of noise, with labels that cannot be learned: validation goes up and down."""
    rng = np.random.default_rng(0)
    paths = [tmp_path / "train.csv", tmp_path / "test.csv"]
    for path in paths:
        write_csv(path, rng.integers(0, 256, (80, 784), np.uint8), rng.integers(0, 3, 80))
    return list(map(str, paths))


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    status = main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_records_and_titles_name_the_files_of_the_images(
    noise: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    titles, kept = [], plots.save

    def save(figure: Any, path: Path) -> None:
        titles.append(figure.get_suptitle())
        kept(figure, path)

    monkeypatch.setattr("playground.plots.save", save)
    folder = tmp_path / "$a$b$"  # which matplotlib would read as a formula
    folder.mkdir()
    shutil.copy(noise[0], folder)
    files = [str(folder / "train.csv"), noise[1]]
    command = [*TINY, "--csv", *files, "--epochs", "1", "--seed", "3", "--tracker", "csv"]
    outputs = ["--log-dir", str(tmp_path / "runs"), "--plot", str(tmp_path / "curves.png")]
    assert run([*command, *outputs], capsys)[0] == 0
    with (tmp_path / "runs" / "runs.csv").open(newline="") as stream:
        rows = {name: value for _, part, name, value in csv.reader(stream)}
    assert rows["dataset"] == files[0]
    assert (rows["train_size"], rows["validation_size"], rows["seed"]) == ("", "20", "3")
    assert titles == [f"{files[0]}: learning curves"]


def test_the_best_epoch_is_kept_only_with_keep_best(
    noise: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*TINY, "--csv", *noise, "--epochs", "12"]
    _, out, _ = run(command, capsys)
    best = re.search(r"; epoch (\d+) had the best validation accuracy: --keep-best restores", out)
    assert best is not None
    assert int(best[1]) < 12
    assert "kept epoch" not in out
    _, out, _ = run([*command, "--keep-best"], capsys)
    assert f" s; kept epoch {best[1]}, the best one\n" in out
    _, out, _ = run([*command, "--epochs", "1"], capsys)  # the only epoch is the best
    assert "best" not in out
