"""Sweeps and Weights & Biases: the same space, with an account and without."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from playground.__main__ import main
from playground.sweeps import records, sweep, wandb_sweep
from playground.sweeps.space import space
from tests.playground.sweep_support import OPTIONS, SMALL


def test_the_sweep_for_wandb_varies_what_ours_varies_and_its_command_takes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sweep.yaml"
    assert main(["sweep", *OPTIONS, "--tracker", "wandb", "--export", str(path)]) == 0
    exported = yaml.safe_load(path.read_text())
    assert exported["method"] == "bayes"
    assert exported["metric"] == {"name": "val_accuracy", "goal": "maximize"}
    parameters = exported["parameters"]
    layers = {"hidden_layers", "hidden_size"}
    assert set(parameters) - {"schedule"} == set(space(2)) - {"depth", "width"} | layers
    assert parameters["learning_rate"] == {
        "distribution": "log_uniform_values",
        "min": 1e-4,
        "max": 0.3,
    }
    assert 64 in parameters["hidden_size"]["values"]
    # as an agent of W&B's would: one value each, as JSON, in place of ${args_json_file}
    first = {name: {"values": [0], **entry}["values"][0] for name, entry in parameters.items()}
    first |= {
        name: entry[end]
        for name, entry in parameters.items()
        for end in ("value", "max")
        if end in entry
    }
    (tmp_path / "arguments.json").write_text(json.dumps(first))
    command = [
        str(tmp_path / "arguments.json") if part == "${args_json_file}" else part
        for part in exported["command"]
    ]
    command = command[command.index("train") :]
    command[command.index("wandb")] = "none"
    assert main(command) == 0
    assert "Test accuracy" not in capsys.readouterr().out


class PretendedRun:
    """What W&B would hand to an agent."""

    def __init__(self, config: dict[str, Any]):
        self.config, self.rows, self.summary = config, [], {}  # type: ignore[var-annotated]

    def log(self, row: dict[str, Any], step: int) -> None:
        self.rows.append(row)

    def finish(self) -> None:
        pass


def test_with_an_account_trials_are_those_that_wandb_chooses_and_the_study_holds_them_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W&B itself is played: no test here has an account."""
    import wandb

    begun, runs = [], []

    def agent(sweep_id: str, function: Any, count: int, project: str) -> None:
        begun.append((sweep_id, count))
        for _ in range(count):
            function()

    def start(*arguments: object) -> PretendedRun:
        runs.append(
            PretendedRun(
                {
                    "hidden_layers": 1,
                    "hidden_size": 32,
                    "learning_rate": 0.003 + 0.001 * len(runs),
                    "optimizer": "adam",
                    "epochs": 2,
                    "batch_size": 64,
                    "weight_decay": 1e-5,
                }
            )
        )
        return runs[-1]

    monkeypatch.setenv("WANDB_MODE", "online")
    monkeypatch.setattr(wandb, "sweep", lambda definition, project: "abc123")
    monkeypatch.setattr(wandb, "agent", agent)
    monkeypatch.setattr(wandb_sweep, "start", start)
    for trials in (2, 3):
        study = sweep(tmp_path / "sweep.db", SMALL, trials, tracker="wandb", log_dir=tmp_path)
    assert begun == [("abc123", 2), ("abc123", 1)]
    assert [trial.params["learning_rate"] for trial in study.get_trials()] == [0.003, 0.004, 0.005]
    assert [run.rows[-1]["val_accuracy"] for run in runs] == [
        trial.value for trial in study.get_trials()
    ]
    assert [record.end for record in records.records_of(study)] == ["complete"] * 3


def test_without_an_account_each_trial_is_an_offline_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path / "cache"))
    sweep(tmp_path / "sweep.db", SMALL, 2, tracker="wandb", log_dir=tmp_path / "runs")
    assert len(list((tmp_path / "runs" / "wandb").glob("offline-run-*"))) == 2
