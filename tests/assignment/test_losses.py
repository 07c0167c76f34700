"""Which losses are read as a cross-entropy from their gradient by the logits, whatever the numbers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from assignment.checks.torch.losses import PROBABILITY, name_of_loss, targets_of
from tests.support import sampled

Loss = Callable[[Any, Any], Any]
WEIGHTS = torch.tensor([1.3, 0.4, 1.0, 0.9, 1.5, 0.6, 2.0, 0.5, 1.1, 0.8])


def counted(y: Any) -> Any:
    return 1 / (torch.bincount(y, minlength=10) + 1.0)


def mixed(z: Any, y: Any, **settings: Any) -> Any:
    return 0.7 * F.cross_entropy(z, y, **settings) + 0.3 * F.cross_entropy(z, y.flip(0), **settings)


CROSS_ENTROPIES: dict[str, Loss] = {
    "plain": F.cross_entropy,
    "sum": lambda z, y: F.cross_entropy(z, y, reduction="sum"),
    "smoothed": lambda z, y: F.cross_entropy(z, y, label_smoothing=0.1),
    "weighted": lambda z, y: F.cross_entropy(z, y, weight=WEIGHTS),
    "weighted, smoothed": lambda z, y: F.cross_entropy(z, y, weight=WEIGHTS, label_smoothing=0.2),
    "two weights, smoothed": lambda z, y: F.cross_entropy(
        z, y, weight=1 + torch.eye(10)[6] + 0.5 * torch.eye(10)[4], label_smoothing=0.1
    ),
    "weighted by counts, smoothed": lambda z, y: F.cross_entropy(
        z, y, weight=counted(y), label_smoothing=0.05
    ),
    "mixed": mixed,
    "mixed, weighted, smoothed": lambda z, y: mixed(z, y, weight=WEIGHTS, label_smoothing=0.1),
    "in bfloat16": lambda z, y: F.cross_entropy(z.bfloat16().float(), y),
}
OTHERS: dict[str, Loss] = {
    "softmax twice": lambda z, y: F.cross_entropy(z.softmax(1), y),
    "squares of logits": lambda z, y: F.mse_loss(z, F.one_hot(y, 10).float()),
    "squares of probabilities": lambda z, y: F.mse_loss(z.softmax(1), F.one_hot(y, 10).float()),
    "binary": lambda z, y: F.binary_cross_entropy_with_logits(z, F.one_hot(y, 10).float()),
    "without logarithms": F.nll_loss,
    "margins": F.multi_margin_loss,
    "uphill": lambda z, y: -F.cross_entropy(z, y),
    "softmax over the images": lambda z, y: F.nll_loss(F.log_softmax(z, 0), y),
    "with the entropy": lambda z, y: (
        F.cross_entropy(z, y) + 0.3 * (z.softmax(1) * F.log_softmax(z, 1)).sum(1).mean()
    ),
    "with a penalty on logits": lambda z, y: F.cross_entropy(z, y) + 0.1 * z.abs().mean(),
}


def gradients(loss: Loss, n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits, their gradient and labels of n images."""
    generator = torch.Generator().manual_seed(seed)
    z = (2 * torch.randn(n, 10, generator=generator)).requires_grad_()
    y = torch.randperm(10, generator=generator)[:5][torch.randint(5, (n,), generator=generator)]
    loss(z, y).backward()
    assert z.grad is not None
    return z.detach().double().numpy(), z.grad.double().numpy(), y.numpy()


@pytest.mark.parametrize("name", CROSS_ENTROPIES)
@pytest.mark.parametrize("n", [24, 71, 4])
def test_a_cross_entropy_fits_with_the_labels_of_its_images(name: str, n: int) -> None:
    for seed in range(8):
        logits, gradient, y = gradients(CROSS_ENTROPIES[name], n, seed)
        targets = targets_of(logits, gradient)
        assert targets.fits.mean() >= 0.9
        largest = targets.shares.argmax(axis=1)
        assert ((largest == y) | (("mixed" in name) & (largest == y[::-1]))).all()


@pytest.mark.parametrize("name", sampled(OTHERS, every=2))
def test_another_loss_does_not(name: str) -> None:
    for seed in range(8):
        for n in (24, 71, 4):
            logits, gradient, _ = gradients(OTHERS[name], n, seed)
            assert targets_of(logits, gradient).fits.mean() < 0.9


NAMED: dict[str, Loss] = {
    "softmax applied twice": OTHERS["softmax twice"],
    "the squared error of the logits": OTHERS["squares of logits"],
    "the squared error of the probabilities": OTHERS["squares of probabilities"],
    "a binary cross-entropy of each class": OTHERS["binary"],
    "the negative logit of the right class": OTHERS["without logarithms"],
    "a cross-entropy with softmax over the images, dim=0": OTHERS["softmax over the images"],
    PROBABILITY: lambda z, y: F.nll_loss(z.softmax(1), y),
    "": OTHERS["margins"],
}


@pytest.mark.parametrize("n", [24, 71])
@pytest.mark.parametrize("name", NAMED)
def test_losses_that_are_often_taken_have_a_name(name: str, n: int) -> None:
    for seed in range(8):
        assert name_of_loss(*gradients(NAMED[name], n, seed)) == name
