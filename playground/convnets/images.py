"""Images on the device: kept as uint8, gathered a batch at a time, altered and scaled there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch.nn import functional as F

from playground.convnets.configuration import ConvConfiguration
from playground.errors import PlaygroundError

SIDE = 28


def to_device(X: np.ndarray, device: str) -> torch.Tensor:
    """The images `X (n, 784)` uint8 as a tensor `(n, 28, 28)` uint8. Raises PlaygroundError for anything else."""
    if X.ndim != 2 or X.shape[1] != SIDE * SIDE or X.dtype != np.uint8:
        raise PlaygroundError(
            f"X has shape {X.shape} and type {X.dtype}, expected (n, {SIDE * SIDE}) uint8 pixels"
        )
    return torch.tensor(
        X.reshape(-1, SIDE, SIDE), device=device
    )  # a copy: the data may be a read-only memory map


def as_input(pixels: torch.Tensor) -> torch.Tensor:
    """Pixels `(b, 28, 28)` uint8 as a network takes them, `(b, 1, 28, 28)` float32 in [0, 1]."""
    return pixels.unsqueeze(1).to(torch.float32, memory_format=torch.channels_last).div_(255)


class ImageBatches:
    """Shuffled and altered mini-batches: each `epoch` is pairs `(X (b, 1, 28, 28), y (b,))`; the last may be smaller.

    What is drawn for an epoch depends on its generator alone, on every device alike.
    """

    def __init__(self, X: np.ndarray, y: np.ndarray, configuration: ConvConfiguration, device: str):
        images, self.n, self.size, self.device = (
            to_device(X, device),
            len(y),
            configuration.batch_size,
            device,
        )
        self.flips, self.shifts, self.cutout = (
            configuration.flips,
            configuration.shifts,
            configuration.cutout,
        )
        if (
            self.flips
        ):  # twice the memory once, and mirroring is a matter of which image is gathered
            images = torch.cat([images, images.flip(2)])
        # every place at which a 28x28 window fits into the image with its black margin: a view, no copy
        self.windows = F.pad(images, [self.shifts] * 4).unfold(1, SIDE, 1).unfold(2, SIDE, 1)
        self.y = torch.as_tensor(np.asarray(y, np.int64), device=device)

    def __len__(self) -> int:
        return -(-self.n // self.size)

    def epoch(self, rng: np.random.Generator) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """One pass over the images, in an order and with alterations drawn by `rng`."""
        order = rng.permutation(self.n)
        rows = order + self.n * rng.integers(0, 2, self.n) if self.flips else order
        places = rng.integers(
            0, 2 * self.shifts + 1, (2, self.n)
        )  # (0, 0) alone where images stay in place
        corners = rng.integers(1 - self.cutout, SIDE, (2, self.n)) if self.cutout else None
        chosen = torch.from_numpy(np.stack([rows, *places, order])).to(self.device)
        blots = None if corners is None else torch.from_numpy(corners).to(self.device)
        for start in range(0, self.n, self.size):
            batch = slice(start, start + self.size)
            row, down, right, label = chosen[:, batch]
            pixels = self.windows[row, down, right]
            yield (
                as_input(pixels if blots is None else self._blotted(pixels, blots[:, batch])),
                self.y[label],
            )

    def _blotted(self, pixels: torch.Tensor, corners: torch.Tensor) -> torch.Tensor:
        """The images with a black square each, its upper left corner given; at a border it may be cut."""
        distance = torch.arange(SIDE, device=self.device) - corners.unsqueeze(2)  # (2, b, 28)
        down, right = (distance >= 0) & (distance < self.cutout)
        return pixels.masked_fill(down.unsqueeze(2) & right.unsqueeze(1), 0)
