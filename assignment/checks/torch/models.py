"""A fresh network of a script, and images for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from assignment.answers import Tensor
from assignment.failure import CheckFailed
from assignment.handles import Handle, Module, a_type, as_array, probe
from assignment.parts import PARTS

# float32 rounds by 1e-6 over a few layers; the rest is room for another order of summing
CLOSE = 1e-4
# the last node of the logits' autograd graph, by torch's name for it
ENDS = {
    "torch-softmax-before-loss": ("Softmax",),
    "torch-relu-on-logits": (
        "Relu", "LeakyRelu", "Gelu", "Elu", "Softplus", "Tanh", "Sigmoid", "Silu", "Hardtanh",
        "Celu", "Hardsigmoid", "Hardswish", "Mish", "LogSigmoid", "PreluKernel", "Threshold", "Abs",
        "Exp", "Pow", "RreluWithNoise", "Clamp", "ClampMin",
    ),
}  # fmt: skip

# nodes that end a network without linear layers: averages of feature maps, of any sign or of none
POOLED = ("Mean", "Sum", "AvgPool2D", "AdaptiveAvgPool2D", "Amax", "AdaptiveMaxPool2D",
          "MaxPool2DWithIndices")  # fmt: skip


def model_of(module: Module, script: str) -> Handle:
    """A fresh network. Raises CheckFailed if the constructor returns anything else."""
    model = getattr(module, PARTS[script].class_name)(seed=1)
    if not isinstance(model, Handle):
        raise CheckFailed(
            f"{PARTS[script].class_name}() returned {a_type(model)}",
            "an nn.Module",
            kind="wrong-type",
        )
    probe(model, "materialise", Tensor(np.zeros((2, *PARTS[script].image_shape), np.float32)))
    return model


def with_chosen_weights(module: Module, script: str, rng: np.random.Generator) -> Handle:
    """A fresh network with weights of our choosing.

    A network that starts from zeros is as right as any. Its own weights are kept where ours make
    the logits infinite.
    """
    model = model_of(module, script)
    probe(model, "choose_weights", int(rng.integers(1 << 31)))
    answer = as_array(probe(model, "logits", images(rng, script, 2)))
    if isinstance(answer, np.ndarray) and np.isfinite(answer).all():
        return model
    return model_of(module, script)


def images(rng: np.random.Generator, script: str, n: int) -> Tensor:
    """Random images in [0, 1], float32."""
    return Tensor(rng.uniform(size=(n, *PARTS[script].image_shape)).astype(np.float32))


def labels(rng: np.random.Generator, n: int, classes: int = 10) -> Tensor:
    """Random labels of a few of the ten classes."""
    chosen = rng.permutation(10)[:classes]
    return Tensor(chosen[rng.integers(classes, size=n)].astype(np.int64))


def activation_at_the_end(node: str) -> str:
    """The misconception that the last operation of a forward pass shows; "" for none."""
    name = node.partition("Backward")[0]
    return next((kind for kind, names in ENDS.items() if name in names), "")


def is_pooled(node: str) -> bool:
    """Whether the last operation of a forward pass pools: no linear layer, and no activation."""
    return node.partition("Backward")[0] in POOLED


def trace_of(
    model: Handle, script: str, rng: np.random.Generator, *, training: bool
) -> dict[str, Any]:
    """What was observed during two forward passes, as observing/graph.py describes it."""
    trace: dict[str, Any] = probe(model, "trace", images(rng, script, 6), training)
    return trace


def width_of(model: Handle, script: str, rng: np.random.Generator) -> int:
    """How many values forward returns per image; 0 if it does not return rows."""
    answer = as_array(probe(model, "logits", images(rng, script, 3)))
    return (
        int(answer.shape[1]) if isinstance(answer, np.ndarray) and answer.shape[:-1] == (3,) else 0
    )


def rows_of(parts: list[Any], most: int) -> np.ndarray:
    """Several observed tensors `(m, 10)` as one float64 array.

    Raises CheckFailed for anything else, and for more than `most` rows: an observation comes from
    the process of the script, which may send what it likes.
    """
    arrays = [as_array(part) for part in parts]
    if not all(isinstance(a, np.ndarray) and a.ndim == 2 and a.shape[1] == 10 for a in arrays):
        raise CheckFailed("what forward returned cannot be observed", kind="wrong-type")
    if sum(map(len, arrays)) > most:
        raise CheckFailed(
            f"forward was called for {sum(map(len, arrays))} images", f"at most {most}"
        )
    return np.concatenate([np.asarray(array, np.float64) for array in arrays])


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities `(n, k)` of logits `(n, k)`, float64."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
