"""Learning curves with the loss of every step."""

from __future__ import annotations

from dataclasses import dataclass, field

import utils

# as `print_last` prints it before the first epoch, which a resumed run does not have
EPOCH_TABLE = "epoch   train loss   val loss   train acc   val acc"


@dataclass
class History(utils.History):
    """The four curves of an epoch each, and `step_losses`: the training loss of every batch.

    A step's loss is measured in training, before its update: with dropout, augmentation and label
    smoothing, which the losses of the epochs leave out.
    """

    step_losses: list[float] = field(default_factory=list)

    def curves(self) -> dict[str, list[float]]:
        """The four curves with one value per epoch, by name."""
        return {name: values for name, values in vars(self).items() if name != "step_losses"}
