"""2.2 and 3.2: forward returns logits, image by image, from a non-linear network with gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from assignment.answers import Tensor
from assignment.expect import CheckFailed, expect_numbers
from assignment.handles import Handle, Module, as_array, probe
from grader.checks.torch.layers import NOT_REGISTERED, layer_fault
from grader.checks.torch.linearity import is_linear
from grader.checks.torch.models import (
    CLOSE,
    activation_at_the_end,
    images,
    model_of,
    trace_of,
    width_of,
)


def check_forward(module: Module, script: str, rng: np.random.Generator) -> None:
    """Raises CheckFailed unless forward returns logits.

    Faults of the layers alone are left to 2.1 and 3.1.
    """
    model = model_of(module, script)
    constructed = len(probe(model, "structure")["parameters"])
    fault = layer_fault(model, script, rng)
    known = fault.kind if fault else ""
    width = width_of(model, script, rng) if known == "torch-wrong-output-size" else 10
    for n in (int(rng.integers(2, 9)), 1, 70):
        expect_rows(probe(model, "logits", images(rng, script, n)), n, width)
    if probe(model, "changes_input", images(rng, script, 4)):
        raise CheckFailed(
            "X was changed in place by forward",
            "no change to X",
            kind="changes-input",
        )
    evaluated, trained = (
        trace_of(model, script, rng, training=training) for training in (False, True)
    )
    expect_lasting_layers(
        evaluated, added=len(probe(model, "structure")["parameters"]) - constructed
    )
    expect_mode_kept(evaluated, trained)
    if known not in ("torch-softmax-before-loss", "torch-relu-on-logits"):
        expect_logits(model, script, rng)
        expect_activation_free_output(model, script, rng)
        expect_free_end(evaluated, trained)
    expect_rows_apart(model, script, rng)
    expect_gradients_everywhere(model, script, rng)
    if known != "torch-no-activation" and is_linear(model, script, rng):
        raise CheckFailed(
            "the network is linear in its input",
            "a non-linear activation between its layers",
            kind="torch-no-activation",
            hint="put an activation such as F.relu after each hidden layer.",
        )
    if script == "pytorch_cnn" and known != "torch-cnn-has-no-conv" and not evaluated["convolves"]:
        raise CheckFailed(
            "forward does not use the convolution",
            "logits computed by all layers",
            kind="torch-cnn-has-no-conv",
            hint="are all layers of __init__ called?",
        )


def expect_rows(logits: Any, n: int, width: int) -> None:
    """Raises CheckFailed unless there are `width` finite numbers for each of n images."""
    answer = expect_numbers(
        "what forward returns", as_array(logits), f"a tensor of shape ({n}, {width})"
    )
    if answer.shape != (n, width):
        kind = (
            "torch-wrong-output-size"
            if answer.ndim == 2 and answer.shape[0] == n
            else "wrong-shape"
        )
        raise CheckFailed(
            f"forward returned shape {answer.shape} for {n} images",
            f"({n}, {width})",
            kind=kind,
            hint="one row for each image, one logit for each of the 10 classes.",
        )
    if not np.isfinite(answer).all():
        raise CheckFailed(
            "forward returned logits that are not finite", "finite numbers", kind="not-finite"
        )


def expect_lasting_layers(evaluated: dict[str, Any], *, added: int) -> None:
    """Raises CheckFailed for new layers, detached logits, and random logits in evaluation mode."""
    if not evaluated["attached"]:
        raise CheckFailed(
            "the logits have no connection to the parameters",
            "logits that depend on them",
            kind="torch-loss-detached",
            hint="is something detached, or converted to plain numbers?",
        )
    if evaluated["made_anew"] or added:
        raise CheckFailed(
            "forward creates new layers",
            "the layers of __init__ only",
            kind=NOT_REGISTERED,
            hint="the optimizer knows only the parameters that exist before the first batch.",
        )
    if not evaluated["agree"]:
        raise CheckFailed(
            "two calls with the same images returned different logits in evaluation mode",
            "the same logits both times",
            kind="torch-not-in-eval-mode",
            hint="dropout and noise belong to training: self.training tells the mode.",
        )


def expect_mode_kept(evaluated: dict[str, Any], trained: dict[str, Any]) -> None:
    """Raises CheckFailed if a forward pass switches the layers to another mode."""
    if evaluated["switched"]:
        raise CheckFailed(
            "forward switched layers to training mode",
            "an unchanged mode",
            kind="torch-not-in-eval-mode",
            hint="the caller of forward decides on the mode.",
        )
    if trained["switched"]:
        raise CheckFailed(
            "forward switched layers to evaluation mode",
            "an unchanged mode",
            kind="torch-not-in-train-mode",
            hint="the caller of forward decides on the mode.",
        )


def expect_logits(model: Handle, script: str, rng: np.random.Generator) -> None:
    """Raises CheckFailed for probabilities, their logarithms, and values cut off at 0."""
    answer = np.asarray(as_array(probe(model, "logits", images(rng, script, 32))), np.float64)
    for rows, what in ((answer, "probabilities"), (np.exp(answer), "log-probabilities")):
        for axis, each in ((1, "rows"), (0, "columns")):
            if np.allclose(rows.sum(axis=axis), 1, atol=CLOSE) and (rows >= 0).all():
                raise CheckFailed(
                    f"the {each} are {what}",
                    "logits",
                    kind="torch-softmax-before-loss",
                    hint="no softmax at the end: the cross-entropy of 2.3 and 3.3 applies it.",
                )
    if (answer >= 0).all() and (answer == 0).any():
        raise CheckFailed(
            "no logit is negative and some are exactly 0",
            "any real numbers",
            kind="torch-relu-on-logits",
            hint="is there an activation after the last layer?",
        )


def expect_activation_free_output(model: Handle, script: str, rng: np.random.Generator) -> None:
    """Raises CheckFailed for logits that saturate for very bright images, as of a sigmoid."""
    answer = np.asarray(
        as_array(probe(model, "logits", Tensor(1000 * images(rng, script, 16).array))), np.float64
    )
    largest = np.abs(answer).max()
    if abs(largest - 1) < 1e-6 and np.isclose(np.abs(answer), 1, atol=1e-6).mean() > 0.1:
        raise CheckFailed(
            "the logits never leave [-1, 1]",
            "any real numbers",
            kind="torch-relu-on-logits",
            hint="is there an activation after the last layer?",
        )


def expect_free_end(*traces: dict[str, Any]) -> None:
    """Raises CheckFailed if an activation is the last operation, in evaluation or in training."""
    for trace in traces:
        kind = activation_at_the_end(trace["last"])
        if kind:
            what = "softmax" if kind == "torch-softmax-before-loss" else "an activation"
            raise CheckFailed(
                f"the last operation is {what}",
                "the logits of the last layer as they are",
                kind=kind,
                hint="the cross-entropy of 2.3 and 3.3 takes logits.",
            )


def expect_rows_apart(model: Handle, script: str, rng: np.random.Generator) -> None:
    """Raises CheckFailed if an image's logits depend on the other images of its batch."""
    X = images(rng, script, 6)
    together = np.asarray(as_array(probe(model, "logits", X)), np.float64)
    alone = np.concatenate(
        [as_array(probe(model, "logits", Tensor(X.array[i : i + 1]))) for i in range(2)]
    )
    if not np.allclose(together[:2], alone, rtol=1e-3, atol=1e-3 * np.abs(together).max()):
        raise CheckFailed(
            "an image's logits change with the other images of its batch",
            "logits that depend on the image alone",
            hint="is something computed over axis 0, the axis of the images?",
        )


def expect_gradients_everywhere(model: Handle, script: str, rng: np.random.Generator) -> None:
    """Raises CheckFailed if a parameter that affects the logits gets no gradient."""
    names = probe(model, "cut_off", images(rng, script, 8))
    if names:
        raise CheckFailed(
            f"{names[0]} gets no gradient",
            "a gradient for every parameter",
            kind="torch-loss-detached",
            hint="is something detached, or computed without gradients?",
        )
