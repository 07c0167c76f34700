"""The evolution of a convolutional network: each class only adds to the previous one.

Input: images X `(n, 1, 28, 28)` with pixels in [0, 1]. Output: logits `(n, 10)`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from playground.convnets.configuration import ConvConfiguration
from playground.convnets.fast import FastConvNet

CLASSES = 10
FLAT = 128 * 6 * 6  # 4608 features per image after the two convolutions
HIDDEN = 1024


class ConvNetV1(nn.Module):
    """Two convolutions and a linear layer.

    Each convolution is followed by batch normalisation, max-pooling and ReLU. ReLU after the
    pooling gives the same values as before it, in a quarter of the time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 64, 3, padding=1),  # (n, 64, 28, 28)
            nn.BatchNorm2d(64),
            nn.MaxPool2d(2),  # (n, 64, 14, 14)
            nn.ReLU(),
            nn.Conv2d(64, 128, 3),  # (n, 128, 12, 12): no padding, so the border is lost
            nn.BatchNorm2d(128),
            nn.MaxPool2d(2),  # (n, 128, 6, 6)
            nn.ReLU(),
            nn.Flatten(),  # (n, 4608)
        )
        self.head = nn.Sequential(nn.Linear(FLAT, CLASSES))

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Logits `(n, 10)` of the images `X (n, 1, 28, 28)`."""
        logits: torch.Tensor = self.head(self.features(X))
        return logits


class ConvNetV2(ConvNetV1):
    """V1 with two hidden layers with layer normalisation between convolutions and output."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Sequential(
            nn.Linear(FLAT, HIDDEN),
            nn.LayerNorm(HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.LayerNorm(HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, CLASSES),
        )


class ConvNetV3(ConvNetV2):
    """V2 with dropout after each activation."""

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.features = _with_dropout(self.features, dropout)
        self.head = _with_dropout(self.head, dropout)


def _with_dropout(layers: nn.Sequential, share: float) -> nn.Sequential:
    """The same layers with dropout after each ReLU."""
    return nn.Sequential(
        *(
            added
            for layer in layers
            for added in ([layer, nn.Dropout(share)] if isinstance(layer, nn.ReLU) else [layer])
        )
    )


CONVNETS: dict[str, Callable[[ConvConfiguration], nn.Module]] = {
    "v1": lambda configuration: ConvNetV1(),
    "v2": lambda configuration: ConvNetV2(),
    "v3": lambda configuration: ConvNetV3(),
    "fast": lambda configuration: FastConvNet(configuration.width, configuration.depth),
}


def build(configuration: ConvConfiguration, seed: int) -> nn.Module:
    """The configured network, its weights drawn by `seed` without touching torch's generator."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return CONVNETS[configuration.network](configuration)


def parameter_count(model: nn.Module) -> int:
    """The number of trainable parameters."""
    return sum(parameter.numel() for parameter in model.parameters())
