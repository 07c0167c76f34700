"""Runs for Weights & Biases: without an account kept in `DIR/wandb`, from where `wandb sync` can send them later.

The environment variable WANDB_MODE decides (offline, online, disabled). Without it a run is online where
`wandb login` has been done, else offline: no account, no network, no question asked.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from playground.errors import PlaygroundError
from playground.extras import require
from playground.tracking.tracker import Tracker, newest
from utils import History

PROJECT = "fashion-network"
Mode = Literal["online", "offline", "disabled"]


class WandbTracker(Tracker):
    """One W&B run: configuration, the four curves by epoch, and the summary."""

    def __init__(self, folder: Path, run: str, configuration: Mapping[str, Any]):
        super().__init__(folder, run, configuration)
        self._run = start(folder, mode(), name=run, config=dict(configuration))
        self._failed = True  # until it comes to its end

    def epoch(self, epoch: int, history: History) -> None:
        self._run.log({"epoch": epoch, **newest(history)}, step=epoch)

    def finish(self, summary: Mapping[str, Any]) -> None:
        self._run.summary.update(dict(summary))
        self._failed = False

    def close(self) -> None:
        self._run.finish(exit_code=int(self._failed))


def start(folder: Path, mode: Mode, **settings: Any) -> Any:
    """A W&B run that writes into `folder`, beside any other of this process; quiet, and without a look at this machine.

    Raises PlaygroundError where W&B does not let it start.
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
    """What WANDB_MODE says; without it, whether there is an account. Raises PlaygroundError."""
    asked = os.environ.get("WANDB_MODE")
    if asked is None:
        return "online" if has_account() else "offline"
    for known in get_args(Mode):
        if asked == known:
            return known  # type: ignore[no-any-return]  # one of the three
    raise PlaygroundError(f"WANDB_MODE is {asked!r}, expected online, offline or disabled")


def has_account() -> bool:
    """Whether W&B knows who is at work here."""
    require("wandb", "tracking")
    import wandb

    return wandb.login(prompt=False, verify=False)


def refusal(error: Exception) -> str:
    """W&B's own words in one line, and what to do."""
    reason = " ".join(str(error).split())[:300]
    return f"W&B did not start ({reason}): run wandb login once, or set WANDB_MODE=offline"
