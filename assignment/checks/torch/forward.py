"""2.2 and 3.2: forward returns logits, image by image, from a non-linear network with gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from assignment.answers import Tensor
from assignment.checks.torch.layers import (
    NO_ACTIVATION,
    NOT_REGISTERED,
    lacks_activation,
    layer_faults,
)
from assignment.checks.torch.models import (
    CLOSE,
    activation_at_the_end,
    images,
    is_pooled,
    model_of,
    trace_of,
    width_of,
    with_chosen_weights,
)
from assignment.expect import expect_numbers
from assignment.failure import CheckFailed, named, together
from assignment.handles import Handle, Module, as_array, probe


def check_forward(module: Module, script: str, rng: np.random.Generator) -> None:
    """Raises CheckFailed unless forward returns logits.

    Faults of the layers alone are left to 2.1 and 3.1.
    """
    model = model_of(module, script)
    constructed = len(probe(model, "structure")["parameters"])
    known = {kind for fault in layer_faults(module, script, rng) for kind in fault.kinds}
    if known & {"wrong-shape"}:  # forward runs with layers that fit
        probe(model, "fit_layers", images(rng, script, 3))
    width = width_of(model, script, rng) if "torch-wrong-output-size" in known else 10
    for n in (int(rng.integers(2, 9)), 1, 70):
        expect_rows(probe(model, "logits", images(rng, script, n)), n, width)
    if probe(model, "changes_input", images(rng, script, 4)):
        raise CheckFailed(
            "X was changed in place by forward",
            "no change to X",
            kind="changes-input",
            hint="compute a new tensor.",
        )
    evaluated, trained = (
        trace_of(model, script, rng, training=training) for training in (False, True)
    )
    expect_lasting_layers(
        evaluated, added=len(probe(model, "structure")["parameters"]) - constructed
    )
    expect_mode_kept(evaluated, trained)
    expect_logits_in_training(trained)
    chosen = model if "wrong-shape" in known else with_chosen_weights(module, script, rng)
    if evaluated["agree"]:  # or anything would seem to change the logits
        expect_gradients_everywhere(chosen, script, rng)
    faults = _random_faults(evaluated)
    faults += _end_faults(chosen, script, rng, evaluated, trained, known)
    if NO_ACTIVATION not in known and lacks_activation(evaluated, (chosen, model), script, rng):
        faults.append(
            CheckFailed(
                "forward puts nothing non-linear between two layers",
                "at least one hidden layer with an activation",
                kind=NO_ACTIVATION,
                hint="put an activation such as F.relu after each hidden layer.",
            )
        )
    if (
        script == "pytorch_cnn"
        and "torch-cnn-has-no-conv" not in known
        and not evaluated["convolves"]
    ):
        faults.append(
            CheckFailed(
                "forward does not use the convolution",
                "logits computed by all layers",
                kind="torch-cnn-has-no-conv",
                hint="are all layers of __init__ called?",
            )
        )
    if faults:
        raise together(faults)
    expect_rows_apart(chosen, script, rng)


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
            f"forward returned shape {answer.shape} for {n} image{'s' if n > 1 else ''}",
            f"({n}, {width})",
            kind=kind,
            hint="one row for each image, one logit for each of the 10 classes.",
        )
    if not np.isfinite(answer).all():
        raise CheckFailed(
            f"forward returned logits that are not finite for {n} image{'s' if n > 1 else ''}",
            "finite numbers",
            kind="not-finite",
            hint="a single image has no spread: is something divided by that of the batch?"
            if n == 1
            else "",
        )


def expect_lasting_layers(evaluated: dict[str, Any], *, added: int) -> None:
    """Raises CheckFailed for new layers and detached logits."""
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


def expect_logits_in_training(trained: dict[str, Any]) -> None:
    """Raises CheckFailed if a network that returns logits when evaluated does not in training."""
    if not trained["rows"] or not trained["finite"]:
        what = "logits that are not finite" if trained["rows"] else "no rows of logits"
        raise CheckFailed(
            f"forward returned {what} in training mode",
            "logits, as in evaluation mode",
            kind="not-finite" if trained["rows"] else "wrong-shape",
            hint="the training step calls forward in training mode.",
        )


def _random_faults(evaluated: dict[str, Any]) -> list[CheckFailed]:
    """Logits that are random in evaluation mode."""
    if evaluated["agree"]:
        return []
    return [
        CheckFailed(
            "two calls with the same images returned different logits in evaluation mode",
            "the same logits both times",
            kind="torch-not-in-eval-mode",
            hint="dropout and noise belong to training: self.training tells the mode.",
        )
    ]


def _end_faults(
    model: Handle,
    script: str,
    rng: np.random.Generator,
    evaluated: dict[str, Any],
    trained: dict[str, Any],
    known: set[str],
) -> list[CheckFailed]:
    """What is wrong with the end of the network, unless the layers have the fault already."""
    found = (
        _probabilities(model, script, rng)
        or (None if is_pooled(evaluated["last"]) else _limited(model, script, rng))
        or _activation(evaluated, trained)
    )
    return [found] if found and found.kind not in known else []


def _probabilities(model: Handle, script: str, rng: np.random.Generator) -> CheckFailed | None:
    """Probabilities, in evaluation mode. Their logarithms are logits as good as any."""
    rows = np.asarray(as_array(probe(model, "logits", images(rng, script, 32))), np.float64)
    columns = (rows, "columns", 0), (np.exp(rows), "columns", 0)
    for values, each, axis in ((rows, "rows", 1), *columns):
        if np.allclose(values.sum(axis=axis), 1, atol=CLOSE) and (values >= 0).all():
            what = "probabilities" if values is rows else "log-probabilities"
            return CheckFailed(
                f"the {each} are {what}",
                "logits",
                kind="torch-softmax-before-loss",
                hint="no softmax at the end: the cross-entropy of 2.3 and 3.3 applies it.",
            )
    return None


def _limited(model: Handle, script: str, rng: np.random.Generator) -> CheckFailed | None:
    """Logits cut off at 0, or saturated for very bright images."""
    rows = np.asarray(as_array(probe(model, "logits", images(rng, script, 32))), np.float64)
    try:
        answer = probe(model, "logits", Tensor(1000 * images(rng, script, 16).array))
    except Exception:  # forward takes no such images
        return None
    bright = np.asarray(as_array(answer), np.float64)
    largest = np.abs(bright).max()
    if (rows >= 0).all() and (rows == 0).any():
        what = "no logit is negative and some are exactly 0"
    elif abs(largest - 1) < 1e-6 and np.isclose(np.abs(bright), 1, atol=1e-6).mean() > 0.1:
        what = "the logits never leave [-1, 1]"
    else:
        return None
    return CheckFailed(
        what,
        "any real numbers",
        kind="torch-relu-on-logits",
        hint="is there an activation after the last layer?",
    )


def _activation(*traces: dict[str, Any]) -> CheckFailed | None:
    """An activation as the last operation, in evaluation or in training."""
    kind = next(filter(None, (activation_at_the_end(trace["last"]) for trace in traces)), "")
    if not kind:
        return None
    what = "softmax" if kind == "torch-softmax-before-loss" else "an activation"
    return CheckFailed(
        f"the last operation is {what}",
        "the logits of the last layer as they are",
        kind=kind,
        hint="the cross-entropy of 2.3 and 3.3 takes logits.",
    )


def expect_rows_apart(model: Handle, script: str, rng: np.random.Generator) -> None:
    """Raises CheckFailed if an image's logits depend on the other images of its batch."""
    X = images(rng, script, 6)
    # the first is the darkest: its maximum is not that of the batch
    X = Tensor(
        X.array * np.linspace(0.2, 1, 6, dtype=np.float32).reshape(-1, *[1] * (X.array.ndim - 1))
    )
    batch = np.asarray(as_array(probe(model, "logits", X)), np.float64)
    alone = np.concatenate(
        [as_array(probe(model, "logits", Tensor(X.array[i : i + 1]))) for i in range(2)]
    )
    if not np.allclose(batch[:2], alone, rtol=1e-3, atol=1e-3 * np.abs(batch).max()):
        raise CheckFailed(
            "an image's logits change with the other images of its batch",
            "logits that depend on the image alone",
            hint="is something computed over axis 0, the axis of the images, or over all of X, as X.max() is?",
        )


def expect_gradients_everywhere(model: Handle, script: str, rng: np.random.Generator) -> None:
    """Raises CheckFailed if a parameter that affects the logits gets no gradient."""
    names = probe(model, "cut_off", images(rng, script, 8))
    if names:
        raise CheckFailed(
            f"{named(names[0])} gets no gradient",
            "a gradient for every parameter",
            kind="torch-loss-detached",
            hint="is something detached, or computed without gradients?",
        )
