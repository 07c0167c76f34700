"""Runs for Weights & Biases. Offline runs are stored in `DIR/wandb` for a later `wandb sync`.

The environment variable WANDB_MODE selects online, offline or disabled. Without it, a run is online
after `wandb login` and offline otherwise, without any prompt.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from playground.errors import PlaygroundError
from playground.extras import require
from playground.history import History
from playground.tracking.tracker import CURVES, Tracker, newest, newest_steps

PROJECT = "fashion-network"
Mode = Literal["online", "offline", "disabled"]


class WandbTracker(Tracker):
    """One W&B run with its configuration, the curves, the loss of each step and the summary."""

    def __init__(self, folder: Path, run: str, configuration: Mapping[str, Any]):
        super().__init__(folder, run, configuration)
        self._run = start(folder, mode(), name=run, config=dict(configuration))
        self._failed = True  # until `finish`
        for name in CURVES:
            self._run.define_metric(name, step_metric="epoch")
        self._run.define_metric("step_loss", step_metric="step")

    def epoch(self, epoch: int, history: History) -> None:
        for number, loss in newest_steps(history):
            self._run.log({"step": number, "step_loss": loss})
        self._run.log({"epoch": epoch, **newest(history)})

    def finish(self, summary: Mapping[str, Any]) -> None:
        self._run.summary.update(dict(summary))
        self._failed = False

    def close(self) -> None:
        self._run.finish(exit_code=int(self._failed))


def start(folder: Path, mode: Mode, **settings: Any) -> Any:
    """A W&B run that writes to `folder`, prints nothing and sends no data about the machine.

    Raises PlaygroundError if W&B refuses to start it.
    """
    require("wandb", "tracking")
    import wandb

    quiet = wandb.Settings(
        silent=True,
        console="off",
        save_code=False,
        disable_git=True,
        x_disable_stats=True,
        x_disable_meta=True,
        x_save_requirements=False,
    )
    try:
        return wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            dir=str(folder),
            mode=mode,
            settings=quiet,
            reinit="create_new",
            **settings,
        )
    except (wandb.Error, ValueError) as error:
        raise PlaygroundError(refusal(error)) from None


def mode() -> Mode:
    """The value of WANDB_MODE; by default online with an account, else offline.

    Raises PlaygroundError for an invalid value.
    """
    asked = os.environ.get("WANDB_MODE")
    if asked is None:
        return "online" if has_account() else "offline"
    for known in get_args(Mode):
        if asked == known:
            return known  # type: ignore[no-any-return]  # one of the three
    raise PlaygroundError(f"WANDB_MODE is {asked!r}, expected online, offline or disabled")


def has_account() -> bool:
    """Whether the user is logged in to W&B."""
    require("wandb", "tracking")
    import wandb

    return wandb.login(prompt=False, verify=False)


def refusal(error: Exception) -> str:
    """W&B's error message in one line, with a remedy."""
    reason = " ".join(str(error).split())[:300]
    return f"W&B did not start ({reason}): run wandb login once, or set WANDB_MODE=offline"
