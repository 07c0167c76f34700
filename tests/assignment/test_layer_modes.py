"""Which layers count when a network is judged by the mode in which it ran."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from assignment.observing.layers import Run, watched

X = torch.ones(2, 4)
TRAINING, EVALUATION = Run(True, True), Run(False, True)


class Network(nn.Module):
    """A linear layer; the `forward` of the networks below depends on their mode."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 3)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.linear(X)
        return logits


class Drops(Network):
    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return F.dropout(super().forward(X), 0.5, training=self.training)


class DropsInFloat32(Network):
    @torch.autocast("cpu", enabled=False)  # type: ignore[untyped-decorator]
    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return F.dropout(super().forward(X), 0.5, training=self.training)


class DropsBehindTwoDecorators(Network):
    @torch.enable_grad()  # type: ignore[untyped-decorator]
    @torch.autocast("cpu", enabled=False)  # type: ignore[untyped-decorator]
    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return F.dropout(super().forward(X), 0.5, training=self.training)


@pytest.mark.parametrize("kind", [Drops, DropsInFloat32, DropsBehindTwoDecorators])
def test_a_network_counts_that_reads_its_mode_in_forward(kind: type[Network]) -> None:
    model = kind()
    model.linear.eval()
    with watched(model) as running:
        model(X)
    assert running.modes == [TRAINING]


def test_a_network_counts_by_its_layers_if_it_does_not_read_its_mode() -> None:
    model = Network()
    model.linear.eval()
    with watched(model) as running:
        model(X)
    assert running.modes == [EVALUATION]


class Unknowable:
    """An object that does not let itself be looked at."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)


class HoldsUnknowable(nn.Linear):
    odd = Unknowable()


def test_attributes_of_a_layer_are_not_looked_into() -> None:
    model = nn.Sequential(HoldsUnknowable(4, 3))
    with watched(model) as running:
        model(X)
    assert running.modes == [TRAINING]
