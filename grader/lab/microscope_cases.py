"""The examples of the backprop microscope: small networks, and every array that is right for them.

The reference computes the arrays here, and the file that is written holds numbers alone, so nothing
of a solution is in it. Numbers are multiples of powers of 2 where possible: then float32 adds them
without rounding.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assignment.files import write_atomically
from grader.reference import numpy_ann as reference

SEED = 7  # public
NAME = "microscope_examples.json"
D, H, K = 4, 3, 2  # pixels, hidden units, classes
DIGITS = 10
NOTHING = 1e-30  # what is smaller is shown as 0


@dataclass(frozen=True)
class Example:
    """A network, and the batch that it is shown with: images `X (n, d)`, targets `Y (n, k)`.

    `before` are batches that the network sees first: code that keeps something fails afterwards.
    """

    name: str
    title: str
    why: str
    parameters: dict[str, np.ndarray]
    X: np.ndarray
    Y: np.ndarray
    before: tuple[tuple[np.ndarray, np.ndarray], ...] = ()


def write_cases(folder: Path) -> Path:
    """The path of the examples, written into `folder`, that of the lab's Python."""
    path = folder / NAME
    lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in encoded())
    write_atomically(path, f"[\n{lines}\n]\n".encode())
    return path


def encoded() -> list[dict[str, Any]]:
    """The content of the file: examples with their arrays as nested lists."""
    return [
        {
            "name": example.name,
            "title": example.title,
            "why": example.why,
            "parameters": _lists(example.parameters),
            "before": [{"X": _list(X), "Y": _list(Y)} for X, Y in example.before],
            "X": _list(example.X),
            "Y": _list(example.Y),
            "expected": _lists(right_arrays(example)),
        }
        for example in examples()
    ]


def examples() -> list[Example]:
    """The ordinary one, then those that show what it cannot."""
    rng = np.random.default_rng(SEED)
    parameters, first, second, one, five = _drawn(rng)
    return [
        Example(
            "ordinary",
            "Two images",
            "An ordinary step. Some entries of z1 are negative, one is exactly 0 and one is above 6: "
            "there a wrong relu or relu′ shows.",
            parameters,
            *first,
        ),
        Example(
            "second batch",
            "Two images, after two others",
            "The network has seen another batch before. Nothing of that batch may be left.",
            parameters,
            *second,
            before=(first,),
        ),
        Example(
            "one image",
            "A batch of one image",
            "Every size of batch has to work. For one image, sum and mean are the same.",
            parameters,
            *one,
        ),
        Example(
            "five images",
            "A batch of five images",
            "The number of images is len(X), which differs from batch to batch.",
            parameters,
            *five,
        ),
        _large(),
        _certain(),
    ]


def right_arrays(example: Example) -> dict[str, np.ndarray]:
    """Every array of the computation, the gradients summed over the batch."""
    net = reference.NumpyANN(D, H, K)
    for name, value in example.parameters.items():
        setattr(net, name, value)
    with np.errstate(under="ignore"):
        net.forward(example.X)
        sums = net.backward(example.X, example.Y)
    dz2 = net.a2 - example.Y
    da1, gate = dz2 @ net.W2.T, reference.relu_derivative(net.z1)
    return {
        "z1": net.z1, "a1": net.a1, "z2": net.z2, "a2": net.a2,
        "loss": np.asarray(reference.cross_entropy(example.Y, net.a2)),
        "dz2": dz2, "dW2": sums["W2"], "db2": sums["b2"],
        "da1": da1, "gate": gate, "dz1": da1 * gate, "dW1": sums["W1"], "db1": sums["b1"],
    }  # fmt: skip


Batch = tuple[np.ndarray, np.ndarray]


def _drawn(rng: np.random.Generator) -> tuple[dict[str, np.ndarray], Batch, Batch, Batch, Batch]:
    """One network, and four batches for it that let each array be told from the others."""
    while True:
        parameters = {
            "W1": rng.integers(-16, 17, size=(D, H)) / 4,
            "b1": rng.integers(-8, 9, size=H) / 4,
            "W2": rng.integers(-6, 7, size=(H, K)) / 8,
            "b2": rng.integers(-6, 7, size=K) / 8,
        }
        if (
            any(
                not value.all() or len(np.unique(value)) < min(value.size, 5)
                for value in parameters.values()
            )
            or len(np.unique(np.abs(parameters["W2"][:, 0] - parameters["W2"][:, 1]))) < H
        ):
            continue
        first = _batch(rng, parameters, 2, is_ordinary=True)
        if first is None:
            continue
        others = [_batch(rng, parameters, n) for n in (2, 1, 5)]
        if all(other is not None for other in others):
            second, one, five = (other for other in others if other is not None)
            if (_gate(parameters, first[0]) != _gate(parameters, second[0])).any():
                return parameters, first, second, one, five


def _gate(parameters: dict[str, np.ndarray], X: np.ndarray) -> np.ndarray:
    return np.asarray(X @ parameters["W1"] + parameters["b1"] > 0)


def _batch(
    rng: np.random.Generator,
    parameters: dict[str, np.ndarray],
    n: int,
    *,
    is_ordinary: bool = False,
) -> Batch | None:
    """A batch for a network, None if none of many suits it."""
    for _ in range(100):
        X = rng.integers(0, 5, size=(n, D)) / 4
        Y: np.ndarray = np.eye(K)[(np.arange(n) + rng.integers(K)) % K]
        if all(_tells_all(Example("", "", "", parameters, X, Y), is_ordinary=is_ordinary)):
            return X, Y
    return None


def _tells_all(example: Example, *, is_ordinary: bool) -> Iterator[bool]:
    """What a batch has to have, so that common mistakes show in it."""
    right = right_arrays(example)
    z1, gate, da1 = right["z1"], right["gate"], right["da1"]
    yield bool(example.X.any(axis=1).all() and example.X.any(axis=0).sum() >= min(3, D))
    yield bool(right["a2"].min() > 0.08)
    yield bool(np.abs(da1).min() > 0.02)
    yield bool((gate == 0).any() and (gate == 1).any())
    yield bool(((da1 > 0) != (gate == 1)).any())
    if is_ordinary:
        yield np.count_nonzero(z1 == 0) == 1
        yield np.count_nonzero(z1 > 6) == 1
        yield bool((z1 < -0.4).any() and (right["z2"] < 0).any())
        yield bool(gate.any(axis=0).all() and gate.any(axis=1).all())


def _large() -> Example:
    return Example(
        "large logits",
        "Large logits, and two that are equal",
        "The first image has logits far above 709, where exp is infinite. Those of the second are "
        "equal, and far below the first image's.",
        {
            "W1": np.array([[600.0, -5, -3], [-2, 3, 2.5], [4, -2, 1], [1, 3, 2]]),
            "b1": np.array([-1.0, -2, -1.5]),
            "W2": np.array([[2.0, 1.5], [0.5, -0.5], [-0.5, 0.5]]),
            "b2": np.array([5.0, 5]),
        },
        np.array([[1.0, 0, 0.5, 0], [0, 1, 0, 0]]),
        np.eye(K),
    )


def _certain() -> Example:
    return Example(
        "probability 0",
        "A probability of exactly 0, and steep gradients",
        "The network is certain of the first image, so one probability is exactly 0. The second "
        "image drives its units far up, so some gradients are far above 1.",
        {
            "W1": np.array([[4000.0, 1, -2], [-8, 20, 5], [-3, 10, 16], [1, 2, -3]]),
            "b1": np.array([0.5, -1, 1.5]),
            "W2": np.array([[0.25, -0.25], [0.0625, 0.03125], [-0.03125, 0.0625]]),
            "b2": np.array([0.25, -0.5]),
        },
        np.array([[1.0, 0.5, 0, 0], [0, 1, 1, 0.5]]),
        np.eye(K),
    )


def _lists(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    return {name: _list(array) for name, array in arrays.items()}


def _list(array: np.ndarray) -> Any:
    """Nested lists of the numbers, with a few digits; whole ones as integers."""
    if array.ndim:
        return [_list(row) for row in array]
    short = float(f"{float(array):.{DIGITS}g}") if abs(array) > NOTHING else 0.0
    return int(short) if short == int(short) else short
