"""A fresh network of a script, images for it, and its cross-entropy, computed on this side."""

from __future__ import annotations

from typing import Any

import numpy as np

from assignment.answers import Tensor
from assignment.expect import CheckFailed, expect_numbers
from assignment.handles import Handle, Module, as_array, probe
from assignment.parts import PARTS
from grader.reference.numpy_ann import softmax

# float32 rounds by 1e-6 over a few layers; the rest is room for another order of summing.
CLOSE = 1e-4


def model_of(module: Module, script: str) -> Handle:
    """A fresh network. Raises CheckFailed if the constructor returns anything else."""
    model = getattr(module, PARTS[script].class_name)(seed=1)
    if not isinstance(model, Handle):
        raise CheckFailed(
            f"{PARTS[script].class_name}() returned a {type(model).__name__}",
            "an nn.Module",
            kind="wrong-type",
        )
    probe(model, "materialise", Tensor(np.zeros((2, *PARTS[script].image_shape), np.float32)))
    return model


def images(rng: np.random.Generator, script: str, n: int) -> Tensor:
    """Random images in [0, 1], float32."""
    return Tensor(rng.uniform(size=(n, *PARTS[script].image_shape)).astype(np.float32))


def learnable(rng: np.random.Generator, script: str, n: int) -> tuple[Tensor, Tensor]:
    """Images whose labels can be learned: a random pattern for each class, plus noise."""
    patterns = rng.uniform(size=(10, *PARTS[script].image_shape))
    y = rng.integers(10, size=n)
    X = 0.7 * patterns[y] + 0.3 * rng.uniform(size=(n, *PARTS[script].image_shape))
    return Tensor(X.astype(np.float32)), Tensor(y)


# The last node of the logits' autograd graph, by torch's name for it. Other activations show in the
# values.
ENDS = {
    "torch-softmax-before-loss": ("Softmax", "LogSoftmax"),
    "torch-relu-on-logits": (
        "Relu", "LeakyRelu", "Gelu", "Elu", "Softplus", "Tanh", "Sigmoid", "Silu", "Hardtanh",
        "Celu", "Hardsigmoid", "Hardswish", "Mish", "LogSigmoid", "PreluKernel", "Threshold", "Abs",
        "Exp", "Pow",
    ),
}  # fmt: skip


def activation_at_the_end(node: str) -> str:
    """The misconception that the last operation of a forward pass shows; "" for none."""
    name = node.partition("Backward")[0]
    return next((kind for kind, names in ENDS.items() if name in names), "")


def trace_of(
    model: Handle, script: str, rng: np.random.Generator, *, training: bool
) -> dict[str, Any]:
    """What was observed during two forward passes, as torch_structure.trace describes it."""
    trace: dict[str, Any] = probe(model, "trace", images(rng, script, 6), training)
    return trace


def width_of(model: Handle, script: str, rng: np.random.Generator) -> int:
    """How many values forward returns per image; 0 if it does not return rows."""
    answer = as_array(probe(model, "logits", images(rng, script, 3)))
    return (
        int(answer.shape[1]) if isinstance(answer, np.ndarray) and answer.shape[:-1] == (3,) else 0
    )


def cross_entropy(logits: Any, y: Tensor) -> float:
    """Mean cross-entropy of logits `(n, 10)` with labels `(n,)`."""
    n = len(y.array)
    rows = expect_numbers("what forward returns", as_array(logits), f"a tensor of shape ({n}, 10)")
    if rows.shape != (n, 10):
        raise CheckFailed(
            f"forward returned shape {rows.shape} for {n} images",
            f"({n}, 10)",
            kind="wrong-shape",
        )
    return -float(np.log(np.maximum(softmax(rows), 1e-300))[np.arange(n), y.array].mean())
