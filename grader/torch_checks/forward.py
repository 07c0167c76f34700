"""2.2 and 3.2: logits of the right shape, row by row, from a network that is not linear and that gradients go through."""

from __future__ import annotations

import numpy as np

from grader.protocol import Tensor
from grader.student import Remote, Student, as_array
from grader.torch_checks.linearity import is_linear
from grader.torch_checks.models import CLOSE, images, learnable, model_of
from utils import Wrong, expect_numbers


def check_forward(student: Student, script: str, rng: np.random.Generator) -> None:
    """2.2 / 3.2: logits of the right shape, neither probabilities nor cut off at 0, from a network that is not linear."""
    model = model_of(student, script)
    for n in (int(rng.integers(2, 9)), 1):
        logits = model.probe("logits", images(rng, script, n))
        answer = expect_numbers("what forward returns", as_array(logits), f"a tensor of shape ({n}, 10)")
        if answer.shape != (n, 10):
            kind = "torch-wrong-output-size" if answer.ndim == 2 and answer.shape[0] == n else "wrong-shape"
            raise Wrong(f"forward gave shape {answer.shape} for {n} images, expected ({n}, 10).", kind=kind,
                        hint="one row for each image, one logit for each of the 10 classes.")  # fmt: skip
        if not np.isfinite(answer).all():
            raise Wrong("forward gave logits that are not finite.", kind="not-finite")
    answer = np.asarray(as_array(model.probe("logits", images(rng, script, 32))), np.float64)
    for rows, what in ((answer, "probabilities"), (np.exp(answer), "log-probabilities")):
        if np.allclose(rows.sum(axis=1), 1, atol=CLOSE) and (rows >= 0).all():
            raise Wrong(f"the rows are {what}, expected logits.", kind="torch-softmax-before-loss",
                        hint="no softmax at the end: the cross-entropy of 2.3 and 3.3 applies it.")  # fmt: skip
    if (answer >= 0).all() and (answer == 0).any():
        raise Wrong("no logit is negative and some are exactly 0, expected any real numbers.", kind="torch-relu-on-logits",
                    hint="is there an activation behind the last layer?")  # fmt: skip
    expect_activation_free_output(model, script, rng)
    expect_rows_apart(model, script, rng)
    if model.probe("changes_input", images(rng, script, 4)):
        raise Wrong("X was changed in place by forward, expected it to stay as it was.", kind="changes-input")
    expect_nonlinear(model, script, rng)
    expect_gradients_everywhere(model, script, rng)


def expect_activation_free_output(model: Remote, script: str, rng: np.random.Generator) -> None:
    """Raises Wrong for logits that saturate: a thousand times brighter images drive a sigmoid or tanh to its end."""
    answer = np.asarray(as_array(model.probe("logits", Tensor(1000 * images(rng, script, 16).array))), np.float64)
    largest = np.abs(answer).max()
    if abs(largest - 1) < 1e-6 and np.isclose(np.abs(answer), 1, atol=1e-6).mean() > 0.1:
        raise Wrong("the logits never leave [-1, 1], expected any real numbers.", kind="torch-relu-on-logits",
                    hint="is there an activation behind the last layer?")  # fmt: skip


def expect_rows_apart(model: Remote, script: str, rng: np.random.Generator) -> None:
    """Raises Wrong if an image's logits depend on the other images of its batch."""
    X = images(rng, script, 6)
    together = np.asarray(as_array(model.probe("logits", X)), np.float64)
    alone = np.concatenate([as_array(model.probe("logits", Tensor(X.array[i : i + 1]))) for i in range(2)])
    if not np.allclose(together[:2], alone, rtol=1e-3, atol=1e-3 * np.abs(together).max()):
        raise Wrong("an image's logits change with the other images of its batch, expected each row for itself.",
                    hint="is something computed over axis 0, that of the images?")  # fmt: skip


def expect_gradients_everywhere(model: Remote, script: str, rng: np.random.Generator) -> None:
    """Raises Wrong if the loss cannot reach a parameter: a layer that is not used, or is cut off."""
    X, y = learnable(rng, script, 8)
    gradients = model.probe("fresh_gradients", X, y)["gradients"]
    for (name, _, trained), gradient in zip(model.probe("structure")["parameters"], gradients, strict=False):
        if trained and gradient is None:
            raise Wrong(f"{name} gets no gradient, expected the loss to reach every parameter.",
                        hint="is the layer used in forward, and nothing detached?")  # fmt: skip


def expect_nonlinear(model: Remote, script: str, rng: np.random.Generator) -> None:
    """Raises Wrong for a forward pass without an activation; layers in one nn.Sequential are the affair of 2.1."""
    if not model.probe("structure")["stacks"] and is_linear(model, script, rng):
        raise Wrong("the network is linear in its input, expected a non-linear activation between its layers.",
                    kind="torch-no-activation", hint="an activation such as F.relu behind each hidden layer.")  # fmt: skip
