"""ImageBatches: every image once, altered as asked and no more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from playground.convnets.configuration import ConvConfiguration
from playground.convnets.images import ImageBatches

N = 300


def epoch(seed: int = 0, **settings: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """An epoch of images `(n, 28, 28)`: random non-black pixels, labelled by their index."""
    batches = ImageBatches(
        images(), np.arange(N), ConvConfiguration(batch_size=64, **settings), "cpu"
    )
    pairs = list(batches.epoch(np.random.default_rng(seed)))
    assert len(pairs) == len(batches)
    X, y = (torch.cat(parts) for parts in zip(*pairs, strict=True))
    assert sorted(y.tolist()) == list(range(N))
    return X[:, 0], y


def images() -> np.ndarray:
    return np.random.default_rng(0).integers(1, 256, (N, 784), np.uint8)


def as_numbers(y: torch.Tensor) -> torch.Tensor:
    """The images with these labels, as they are."""
    return torch.from_numpy(images()[y]).reshape(-1, 28, 28) / 255


def test_an_epoch_shows_every_image_once_with_its_label_and_in_another_order_for_another_seed() -> (
    None
):
    X, y = epoch()
    assert torch.equal(X, as_numbers(y))
    assert not torch.equal(epoch(seed=1)[1], y)


def test_flips_mirror_about_half_of_the_images() -> None:
    X, y = epoch(flips=True)
    kept, mirrored = (
        (other == X).all(2).all(1) for other in (as_numbers(y), as_numbers(y).flip(2))
    )
    assert (kept ^ mirrored).all()
    assert int(mirrored.sum()) == pytest.approx(N / 2, abs=45)  # 5 deviations of 300 coins


def test_shifts_move_each_image_to_one_of_the_places_near_by_and_fill_with_black() -> None:
    X, y = epoch(shifts=1)
    padded = torch.nn.functional.pad(as_numbers(y), [1, 1, 1, 1])
    places = torch.stack(
        [
            (padded[:, down : down + 28, right : right + 28] == X).all(2).all(1)
            for down in range(3)
            for right in range(3)
        ]
    )
    assert (places.sum(0) == 1).all()
    assert (places.sum(1) > 5).all()  # 33 expected of each


def test_cutout_blots_out_one_square_that_a_border_may_cut() -> None:
    X, y = epoch(cutout=4)
    black = X == 0
    assert torch.equal(X[~black], as_numbers(y)[~black])
    rows, columns = black.any(2).sum(1), black.any(1).sum(1)
    assert torch.equal(black.sum((1, 2)), rows * columns)  # one rectangle
    assert rows.min() >= 1
    assert rows.max() == columns.max() == 4
    assert (rows * columns < 16).any()


def test_a_memory_map_that_cannot_be_written_is_read_without_a_warning() -> None:
    X = images()
    X.flags.writeable = False
    ImageBatches(X, np.arange(N), ConvConfiguration(), "cpu")
