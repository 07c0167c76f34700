"""The file of a sweep: whose it is, and what it cannot be used for."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import optuna
import pytest

from playground.__main__ import main
from playground.errors import PlaygroundError
from playground.sweeps import SweepSettings, sweep
from playground.sweeps.study import opened
from tests.playground.sweep_support import SMALL
from tests.support import ROOT


def test_two_sweeps_do_not_share_a_study(swept: Path) -> None:
    with opened(swept, SMALL), pytest.raises(PlaygroundError, match="is in use by another sweep"):
        sweep(swept, SMALL, 9)


@pytest.mark.parametrize(("settings", "message"), [
    ({"train_size": 400}, "was started with train_size 300, not 400"),
    ({"epochs": 3}, "was started with epochs 2, not 3"),
    ({"dataset": "mnist"}, "was started with dataset fashion-mnist, not mnist"),
])  # fmt: skip
def test_a_study_of_other_settings_is_not_mixed_with_these(
    settings: dict[str, Any], message: str, swept: Path
) -> None:
    with pytest.raises(PlaygroundError, match=message):
        sweep(swept, SweepSettings(**{**vars(SMALL), **settings}), 9)


def test_a_study_of_another_space_is_left_alone(
    swept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(swept, tmp_path / "sweep.db")
    monkeypatch.setattr("playground.sweeps.study.SPACE_VERSION", 2)
    with pytest.raises(
        PlaygroundError,
        match="has version 1 of the search space, expected 2: choose another --study",
    ):
        sweep(tmp_path / "sweep.db", SMALL, 9)


def make_foreign(path: Path, kind: str) -> None:
    if kind == "text":
        path.write_text("no database " * 100)
    elif kind == "database":
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE marks (name TEXT)")
        database.close()
    else:
        optuna.create_study(study_name="mine", storage=f"sqlite:///{path}")


@pytest.mark.parametrize(("kind", "message"), [
    ("text", "is not a study (file is not a database)"),
    ("database", "is another program's database"),
    ("study", "holds studies, but none made by the playground"),
])  # fmt: skip
def test_a_file_that_is_not_ours_is_one_line_and_stays_as_it_is(
    kind: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "sweep.db"
    make_foreign(path, kind)
    before = path.read_bytes()
    with pytest.raises(PlaygroundError) as caught:
        sweep(path, SMALL, 1)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize(("arguments", "message"), [
    (["--trials", "0"], "trials is 0, expected an integer of at least 1"),
    (["--jobs", "0"], "jobs is 0, expected an integer of at least 1"),
    (["--epochs", "0"], "epochs is 0, expected an integer of at least 1"),
    (["--validation-size", "0"], "a sweep needs validation images"),
    (["--train-size", "60000"], "train_size is 60000, expected 1 to 54000"),
    (["--pruner", "medan"], "unknown pruner 'medan', did you mean 'median'?"),
    (["--tracker", "cvs"], "unknown tracker 'cvs', did you mean 'csv'?"),
    (["--study", "nowhere/sweep.db"], "nowhere/sweep.db cannot be written"),
    (["--data-dir", "nowhere"], "is missing"),
    (["--export", "sweep.yaml"], "needs --tracker wandb, but the tracker is none"),
    (["--export", "sweep.txt", "--tracker", "wandb"], "expected a name that ends in .yaml or .yml"),
    (["--dask", "tcp://127.0.0.1:1"], "no Dask scheduler responds at tcp://127.0.0.1:1"),
], ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "")  # fmt: skip
def test_what_cannot_be_swept_is_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("playground.sweeps.executors.SCHEDULER_TIMEOUT", 0.5)
    assert main(["sweep", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "sweep").exists()


def test_optuna_missing_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda package: None)
    assert main(["sweep"]) == 2
    assert (
        "optuna is required but not installed: pip install -e '.[playground]' in"
        in capsys.readouterr().err
    )


def test_importing_the_package_needs_no_optuna() -> None:
    heavy = "{'optuna', 'wandb', 'distributed', 'yaml', 'sklearn'} & set(sys.modules)"
    code = f"import sys, playground.commands.sweep; sys.exit(str({heavy}) if {heavy} else 0)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
