"""Twenty honest fully connected networks as students write them, for benchmarks.audit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from grader.reference.numpy_ann import NumpyANN
from utils import Splits, to_one_hot

Augment = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Recipe:
    """A network in PyTorch and how it is trained."""

    layers: Callable[[], nn.Module]
    optimizer: Callable[..., torch.optim.Optimizer]
    augment: Augment = lambda X: X
    epochs: int = 4
    batch: int = 64
    smoothing: float = 0.0


def _mlp(*widths: int, act: Callable[[], nn.Module] = nn.ReLU, norm: bool = False,
         dropout: float = 0.0, first: nn.Module | None = None) -> Callable[[], nn.Module]:  # fmt: skip
    def build() -> nn.Module:
        layers: list[nn.Module] = [first] if first is not None else []
        sizes = (784, *widths)
        for inputs, outputs in zip(sizes, widths, strict=False):
            layers += [nn.Linear(inputs, outputs)]
            layers += [nn.BatchNorm1d(outputs)] if norm else []
            layers += [act()] + ([nn.Dropout(dropout)] if dropout else [])
        return nn.Sequential(*layers, nn.Linear(sizes[-1], 10))

    return build


class Affine(nn.Module):  # type: ignore[misc]
    """(X - mean) / scale, as constants inside forward."""

    def __init__(self, mean: float, scale: float):
        super().__init__()
        self.mean, self.scale = mean, scale

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """The images, normalised."""
        return (X - self.mean) / self.scale


class Centred(nn.Module):  # type: ignore[misc]
    """Each image minus its own mean, over its own standard deviation."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """The images, normalised one by one."""
        return (X - X.mean(1, keepdim=True)) / (X.std(1, keepdim=True) + 1e-3)


def _adam(rate: float) -> Callable[..., torch.optim.Optimizer]:
    return lambda parameters: torch.optim.Adam(parameters, lr=rate)


def _sgd(rate: float, momentum: float = 0.0) -> Callable[..., torch.optim.Optimizer]:
    return lambda parameters: torch.optim.SGD(parameters, lr=rate, momentum=momentum)


def _flipped(X: torch.Tensor) -> torch.Tensor:
    images = X.reshape(-1, 28, 28)
    turned = torch.rand(len(X), 1, 1) < 0.5
    return torch.where(turned, images.flip(2), images).reshape(len(X), 784)


def _moved(X: torch.Tensor) -> torch.Tensor:
    down, right = (int(torch.randint(-2, 3, ())) for _ in range(2))
    return torch.roll(X.reshape(-1, 28, 28), (down, right), (1, 2)).reshape(len(X), 784)


def _noisy(X: torch.Tensor) -> torch.Tensor:
    return X + 0.1 * torch.randn_like(X)


RECIPES = {
    "Adam, 128": Recipe(_mlp(128), _adam(1e-3)),
    "Adam, 256-128, dropout": Recipe(_mlp(256, 128, dropout=0.2), _adam(2e-3)),
    "Adam, 64-64-64": Recipe(_mlp(64, 64, 64), _adam(2e-3)),
    "Adam, batch norm": Recipe(_mlp(128, norm=True), _adam(2e-3)),
    "Adam, tanh": Recipe(_mlp(128, act=nn.Tanh), _adam(1e-3)),
    "Adam, GELU": Recipe(_mlp(128, 64, act=nn.GELU), _adam(1e-3)),
    "Adam, sigmoid": Recipe(_mlp(128, act=nn.Sigmoid), _adam(3e-3)),
    "Adam, label smoothing": Recipe(_mlp(128), _adam(1e-3), smoothing=0.1),
    "Adam, (X - 0.5) / 0.5": Recipe(_mlp(128, first=Affine(0.5, 0.5)), _adam(1e-3)),
    "Adam, (X - 0.286) / 0.353": Recipe(_mlp(128, first=Affine(0.286, 0.353)), _adam(1e-3)),
    "Adam, images standardised": Recipe(_mlp(128, first=Centred()), _adam(1e-3)),
    "AdamW, large batches": Recipe(
        _mlp(128), lambda p: torch.optim.AdamW(p, lr=3e-3), epochs=6, batch=256
    ),
    "RMSprop, 128": Recipe(_mlp(128), lambda p: torch.optim.RMSprop(p, lr=1e-3)),
    "SGD, 128": Recipe(_mlp(128), _sgd(0.1)),
    "SGD, momentum": Recipe(_mlp(128), _sgd(0.05, 0.9)),
    "SGD, batch norm": Recipe(_mlp(128, norm=True), _sgd(0.1, 0.9)),
    "Adam, noise": Recipe(_mlp(128), _adam(1e-3), _noisy),
    "Adam, flips": Recipe(_mlp(128), _adam(1e-3), _flipped),
    "Adam, shifts": Recipe(_mlp(128), _adam(1e-3), _moved),
}
NETWORKS = ("NumPy reference", "NumPy, float64, 64 units", *RECIPES)


def accuracy(name: str, data: Splits, seed: int) -> float:
    """The test accuracy of a network trained on this data from this seed."""
    if name not in RECIPES:
        return _numpy(name, data, seed)
    recipe = RECIPES[name]
    torch.manual_seed(seed)
    net = recipe.layers()
    X, y = torch.from_numpy(data.X_train), torch.from_numpy(data.y_train).long()
    steps = recipe.epochs * -(-len(X) // recipe.batch)
    optimizer = recipe.optimizer(net.parameters())
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, total_iters=steps)
    net.train()
    for _ in range(recipe.epochs):
        for index in torch.randperm(len(X)).split(recipe.batch):
            optimizer.zero_grad()
            logits = net(recipe.augment(X[index]))
            F.cross_entropy(logits, y[index], label_smoothing=recipe.smoothing).backward()
            optimizer.step()
            schedule.step()
    net.eval()
    with torch.no_grad():
        labels = net(torch.from_numpy(data.X_test)).argmax(1).numpy()
    return float(np.mean(labels == data.y_test))


def _numpy(name: str, data: Splits, seed: int) -> float:
    small = "float64" in name
    net = NumpyANN(hidden_size=64 if small else 128, seed=seed)
    X, Y = data.X_train, to_one_hot(data.y_train)
    if small:
        X = X.astype(np.float64)
        for weights in ("W1", "b1", "W2", "b2"):
            setattr(net, weights, getattr(net, weights).astype(np.float64))
    rate, batch, epochs, rng = 0.004, 64, 4, np.random.default_rng(seed)
    step, steps = 0, epochs * -(-len(X) // batch)
    for _ in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), batch):
            index = order[start : start + batch]
            net.forward(X[index])
            net.update(net.backward(X[index], Y[index]), rate * (1 - step / steps))
            step += 1
    return float(np.mean(net.predict(data.X_test) == data.y_test))
