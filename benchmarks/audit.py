"""Which changes of the images honest fully connected networks cannot notice, and cheats can.

`python -m benchmarks.audit` trains varied networks with and without each change, from the same
seeds, and prints how far their test accuracy moves; then it tries two cheats with the same changes.
`grader grade --audit` and docs/security.md rest on this table. On 6,000 images and few epochs, so
that 10 seeds take minutes; the cheats read all 54,000, as theirs would.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch

from benchmarks.audit_cheats import CHEATS
from benchmarks.audit_networks import NETWORKS, accuracy
from utils import Splits, load_fashion_mnist

PIXELS, CLASSES = 784, 10
Change = Callable[[np.ndarray], np.ndarray]  # of images (n, 784) in [0, 1]
SHUFFLED = 0.8  # of the labels, in the last column


def _permuted(rng: np.random.Generator) -> Change:
    order = rng.permutation(PIXELS)
    return lambda X: X[:, order]


def _inverted(rng: np.random.Generator) -> Change:
    """Half of the pixels are turned from white to black."""
    order, turned = rng.permutation(PIXELS), rng.random(PIXELS) < 0.5
    return lambda X: np.where(turned, 1 - X[:, order], X[:, order])


def _rescaled(rng: np.random.Generator) -> Change:
    """Each pixel gets a scale, an offset and a gamma of its own."""
    order = rng.permutation(PIXELS)
    gamma = np.exp(rng.uniform(-0.5, 0.5, PIXELS)).astype(np.float32)
    scale = rng.uniform(0.7, 1, PIXELS).astype(np.float32)
    offset = (rng.uniform(0, 1, PIXELS) * (1 - scale)).astype(np.float32)
    return lambda X: offset + scale * X[:, order] ** gamma


def _mixed(rng: np.random.Generator) -> Change:
    """Each pixel becomes the mean of two."""
    order, others = rng.permutation(PIXELS), rng.permutation(PIXELS)
    return lambda X: (X[:, order] + X[:, others]) / 2


def _all(rng: np.random.Generator) -> Change:
    inverted, rescaled = _inverted(rng), _rescaled(rng)
    return lambda X: inverted(rescaled(X))


CHANGES: dict[str, Callable[[np.random.Generator], Change]] = {
    "permuted": _permuted,
    "+ inverted": _inverted,
    "+ rescaled": _rescaled,
    "+ both": _all,
    "+ mixed": _mixed,
}


@dataclass(frozen=True)
class Shift:
    """How far an accuracy moves, in points: the mean over seeds and its standard error."""

    mean: float
    error: float

    @classmethod
    def of(cls, values: list[float]) -> Shift:
        """The shift of these differences, which are fractions."""
        points = 100 * np.array(values)
        return cls(float(points.mean()), float(points.std(ddof=1) / np.sqrt(len(points))))

    def __str__(self) -> str:
        return f"{self.mean:+.1f} ± {self.error:.1f}"


def changed(data: Splits, change: Change) -> Splits:
    """The data with all images changed."""
    return data._replace(X_train=change(data.X_train), X_test=change(data.X_test))


def with_shuffled_labels(data: Splits, rng: np.random.Generator) -> Splits:
    """The data with most training labels replaced by ones drawn at random."""
    drawn = rng.integers(CLASSES, size=len(data.y_train))
    y = np.where(rng.random(len(drawn)) < SHUFFLED, drawn, data.y_train)
    return data._replace(y_train=y)


def network_rows(seeds: int, images: int, names: list[str]) -> Iterator[tuple[str, list[str]]]:
    """For each network: its accuracy, and its shift by each change."""
    plain: dict[str, list[float]] = {}
    shifts: dict[tuple[str, str], list[float]] = {}
    for name in names:
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            data = load_fashion_mnist(train_size=images, seed=seed)
            base = accuracy(name, data, seed)
            plain.setdefault(name, []).append(base)
            for change, draw in CHANGES.items():
                found = accuracy(name, changed(data, draw(rng)), seed)
                shifts.setdefault((name, change), []).append(found - base)
            found = accuracy(name, with_shuffled_labels(data, rng), seed)
            shifts.setdefault((name, "labels"), []).append(found - base)
        columns = [str(Shift.of(shifts[name, change])) for change in (*CHANGES, "labels")]
        yield name, [f"{100 * np.mean(plain[name]):.1f}", *columns]
    if not names:
        return
    means = [
        str(Shift.of([float(np.mean(shifts[name, change])) for name in names]))
        for change in (*CHANGES, "labels")
    ]
    yield "mean of the networks", ["", *means]


def cheat_rows(seeds: int, names: list[str]) -> Iterator[tuple[str, list[str]]]:
    """For each cheat: its mean accuracy without and with each change, and with shuffled labels."""
    shipped = load_fashion_mnist(seed=1000)
    for name in names:
        know = CHEATS[name](shipped.X_train, shipped.y_train)
        found: dict[str, list[float]] = {}
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            classes = rng.permutation(CLASSES)
            data = load_fashion_mnist(train_size=53_600, seed=seed)
            y_train, y_test = classes[data.y_train], classes[data.y_test]
            data = data._replace(y_train=y_train, y_test=y_test)
            tried = {"": data}
            tried |= {change: changed(data, draw(rng)) for change, draw in CHANGES.items()}
            few = data._replace(X_train=data.X_train[:3000], y_train=y_train[:3000])
            tried["labels"] = with_shuffled_labels(few, rng)
            for how, given in tried.items():
                labels = know(given.X_train, given.y_train, given.X_test)
                found.setdefault(how, []).append(float(np.mean(labels == given.y_test)))
        yield name, [f"{100 * np.mean(values):.1f}" for values in found.values()]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--images", type=int, default=6000)
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS))
    parser.add_argument("--cheats", nargs="*", default=list(CHEATS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    head = ["", "accuracy", *CHANGES, "labels"]
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head), flush=True)
    rows = network_rows(options.seeds, options.images, options.networks)
    cheats = cheat_rows(min(options.seeds, 3), options.cheats)
    for name, cells in chain(rows, cheats):
        print("| " + " | ".join([name, *cells]) + " |", flush=True)


if __name__ == "__main__":
    main()
