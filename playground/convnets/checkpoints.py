"""Checkpoints: a training run is saved after each epoch and can be resumed."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from playground.checkpoints import check_identity, check_rate_factor
from playground.convnets import storage
from playground.errors import BadFile
from playground.history import History

CHECKPOINT = "convolutional network in training, format 2"
State = dict[str, torch.Tensor]


@dataclass
class TrainingProgress:
    """The state of a run: its curves, and the best epoch with its model parameters."""

    history: History = field(default_factory=History)
    best_epoch: int = 0
    best_accuracy: float = -math.inf
    best_state: State | None = None
    seconds: float = 0.0
    rate_factor: float = 1.0  # the last Controls.rate_factor, by which the rate was multiplied

    @property
    def epochs(self) -> int:
        """The number of finished epochs."""
        return len(self.history.train_losses)

    def keep_if_best(self, model: nn.Module) -> None:
        """Keeps the model's state if the latest epoch has a new best validation accuracy."""
        if self.history.val_accuracies[-1] > self.best_accuracy:
            self.best_epoch, self.best_accuracy = self.epochs, self.history.val_accuracies[-1]
            self.best_state = {name: value.clone() for name, value in model.state_dict().items()}


@dataclass(frozen=True)
class Checkpoint:
    """The file of a run and the identity of the run."""

    path: Path
    identity: dict[str, Any]

    def save(
        self,
        progress: TrainingProgress,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        average: nn.Module | None = None,
    ) -> None:
        """Writes the run to the file atomically. Raises OSError if it cannot be written."""
        content = {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "average": None if average is None else average.state_dict(),
            "progress": asdict(progress),
        }
        storage.write(self.path, CHECKPOINT, {"identity": self.identity, **content})

    def load(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        average: nn.Module | None = None,
    ) -> tuple[TrainingProgress, int]:
        """The progress saved in the file, and the epochs that run was to have.

        Restores model, optimizer and running mean.

        Raises BadFile if the file is missing, damaged or not a checkpoint, PlaygroundError if it
        belongs to another run.
        """
        content = storage.read(self.path, CHECKPOINT, "checkpoint", "train-cnn --checkpoint")
        epochs = check_identity(self.path, content.get("identity"), self.identity)
        try:
            found = dict(content["progress"])
            progress = TrainingProgress(**{**found, "history": History(**found["history"])})
            check_rate_factor(progress.rate_factor)
            if {len(curve) for curve in progress.history.curves().values()} != {
                progress.epochs
            } or not progress.epochs:
                raise ValueError("its curves differ in length")
            for state in (
                content["model"],
                *([progress.best_state] if progress.best_state else []),
            ):
                storage.check_state(state, model)
            optimizer.load_state_dict(content["optimizer"])
            _check_moments(optimizer)
            if average is not None:
                storage.check_state(content["average"], average)
                average.load_state_dict(content["average"])
            model.load_state_dict(content["model"])
        except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise BadFile(
                f"{self.path} is a damaged checkpoint ({reason}), expected a complete one"
            ) from None
        return progress, epochs


def _check_moments(optimizer: torch.optim.Optimizer) -> None:
    """Raises ValueError if a moment of the optimizer does not have its parameter's shape."""
    for parameter in (
        parameter for group in optimizer.param_groups for parameter in group["params"]
    ):
        for name in ("exp_avg", "exp_avg_sq"):
            if optimizer.state[parameter][name].shape != parameter.shape:
                raise ValueError(f"an {name} does not have shape {tuple(parameter.shape)}")
