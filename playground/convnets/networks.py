"""The evolution of a convolutional network: each class only adds to the previous one.

Input: images X `(n, 1, 28, 28)` with pixels in [0, 1]. Output: logits `(n, 10)`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from playground.convnets.configuration import ConvConfiguration
from playground.convnets.fast import FastConvNet
from playground.values import MAX_SEED, check_parameters, check_whole

CLASSES = 10
FLAT = 128 * 6 * 6  # 4608 features per image after the two convolutions
HIDDEN = 1024


class ConvNetV1(nn.Module):
    """Two convolutions and a linear layer.

    Each convolution is followed by ReLU, batch normalisation and max-pooling.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 64, 3, padding=1),  # (n, 64, 28, 28)
            nn.ReLU(),
            nn.BatchNorm2d(64),
            nn.MaxPool2d(2),  # (n, 64, 14, 14)
            nn.Conv2d(64, 128, 3),  # (n, 128, 12, 12): no padding, so the border is lost
            nn.ReLU(),
            nn.BatchNorm2d(128),
            nn.MaxPool2d(2),  # (n, 128, 6, 6)
            nn.Flatten(),  # (n, 4608)
        )
        self.head = nn.Sequential(nn.Linear(FLAT, CLASSES))

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Logits `(n, 10)` of the images `X (n, 1, 28, 28)`."""
        logits: torch.Tensor = self.head(self.features(X))
        return logits


class ConvNetV2(ConvNetV1):
    """V1 with two hidden layers, each a linear layer, ReLU and layer normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Sequential(
            nn.Linear(FLAT, HIDDEN),
            nn.ReLU(),
            nn.LayerNorm(HIDDEN),
            nn.Linear(HIDDEN, HIDDEN),
            nn.ReLU(),
            nn.LayerNorm(HIDDEN),
            nn.Linear(HIDDEN, CLASSES),
        )


class ConvNetV3(ConvNetV2):
    """V2 with dropout at the end of each block: after max-pooling and after layer normalisation."""

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.features = _with_dropout(self.features, nn.MaxPool2d, dropout)
        self.head = _with_dropout(self.head, nn.LayerNorm, dropout)


def _with_dropout(layers: nn.Sequential, after: type[nn.Module], share: float) -> nn.Sequential:
    """The same layers with dropout after each one of the type `after`."""
    return nn.Sequential(
        *(
            added
            for layer in layers
            for added in ([layer, nn.Dropout(share)] if isinstance(layer, after) else [layer])
        )
    )


CONVNETS: dict[str, Callable[[ConvConfiguration], nn.Module]] = {
    "v1": lambda configuration: ConvNetV1(),
    "v2": lambda configuration: ConvNetV2(),
    "v3": lambda configuration: ConvNetV3(),
    "fast": lambda configuration: FastConvNet(configuration.width, configuration.depth),
}


def build(configuration: ConvConfiguration, seed: int) -> nn.Module:
    """The configured network, its weights drawn by `seed` without touching torch's generator.

    Raises PlaygroundError if it is too large, or the seed is none.
    """
    check_whole("seed", seed, least=0, most=MAX_SEED)
    with torch.device("meta"):  # takes no memory
        count = parameter_count(CONVNETS[configuration.network](configuration))
    check_parameters(
        f"a network of width {configuration.width}, depth {configuration.depth}", count
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return CONVNETS[configuration.network](configuration)


def parameter_count(model: nn.Module) -> int:
    """The number of trainable parameters."""
    return sum(parameter.numel() for parameter in model.parameters())
