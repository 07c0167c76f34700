"""What the tests of sweeps share."""

from __future__ import annotations

from pathlib import Path

import optuna

from playground.sweeps import SweepSettings

SMALL = SweepSettings(train_size=300, validation_size=200, epochs=2)
OPTIONS = ["--train-size", "300", "--validation-size", "200", "--epochs", "2"]


def load(path: Path) -> optuna.Study:
    return optuna.load_study(study_name="playground", storage=f"sqlite:///{path}")


def states(path: Path) -> list[str]:
    return [trial.state.name for trial in load(path).get_trials()]
