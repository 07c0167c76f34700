"""2.4 and 3.4: labels, in evaluation mode, without gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from assignment.answers import Tensor
from assignment.expect import CheckFailed, expect_array
from assignment.handles import Handle, Module, as_array, probe
from grader.checks.torch.models import CLOSE, learnable, model_of
from grader.errors import StudentFault
from grader.training.run import expect_labels

IN_TRAINING_MODE = "torch-not-in-eval-mode"


def check_predict(module: Module, script: str, rng: np.random.Generator) -> None:
    """Raises CheckFailed unless predict returns the index of each row's largest logit.

    It is asked about a few images, others, many, and one.
    """
    model = model_of(module, script)
    few, taught = int(rng.integers(12, 20)), 60
    X_all, y_all = learnable(rng, script, taught + 2 * few + 231)
    probe(model, "learn", Tensor(X_all.array[:taught]), Tensor(y_all.array[:taught]), 20)
    start = taught
    for n in (few, few, 230, 1):
        X = Tensor(X_all.array[start : start + n])
        start += n
        answer = prediction(model, X)
        got = expect_one_label_each(answer["labels"], n)
        expect_mode(answer)
        if answer["changed"]:
            raise CheckFailed(
                "X was changed in place by predict",
                "no change to X",
                kind="changes-input",
                hint="compute a new tensor.",
            )
        expect_largest(model, X, got)


def prediction(model: Handle, X: Tensor) -> dict[str, Any]:
    """What predict returned, and what was observed meanwhile.

    Raises CheckFailed if batch normalisation refused a single image, which it does in training mode
    only.
    """
    try:
        answer: dict[str, Any] = probe(model, "predict", X)
    except StudentFault as fault:
        if fault.kind == IN_TRAINING_MODE:
            raise _in_training_mode() from None
        raise
    return answer


def expect_one_label_each(given: Any, n: int) -> np.ndarray:
    """The labels `(n,)`.

    Raises CheckFailed for logits, for an argmax over images, and for wrong shapes and types.
    """
    shown = np.asarray(given) if isinstance(given, int | float) else as_array(given)
    if isinstance(shown, np.ndarray) and n > 10:  # with fewer images a shape is ambiguous
        if shown.shape == (n, 10):
            raise CheckFailed(
                f"predict returned shape {shown.shape} for {n} images",
                f"labels of shape ({n},)",
                kind="torch-predicts-logits",
                hint="the index of the largest logit of each row.",
            )
        if shown.shape in ((10,), ()):
            raise CheckFailed(
                f"predict returned shape {shown.shape} for {n} images",
                f"({n},)",
                kind="torch-argmax-axis",
                hint="take the largest of each row: over the classes, not over the images.",
            )
        if shown.shape == (n,) and shown.dtype.kind == "f" and (shown != np.floor(shown)).any():
            raise CheckFailed(
                "predict returned the largest logit of each image",
                "the index of that logit",
                kind="torch-predicts-logits",
                hint="the label is not how large that logit is, but which one it is.",
            )
    return expect_labels(given, n)


def expect_mode(answer: dict[str, Any]) -> None:
    """Raises CheckFailed if layers were in training mode or gradients were recorded."""
    if answer["training"]:
        raise _in_training_mode()
    if answer["recording"] or (
        isinstance(answer["labels"], Tensor) and answer["labels"].requires_grad
    ):
        raise CheckFailed(
            "gradients were recorded while predicting",
            "no recording of gradients",
            kind="torch-predict-with-gradients",
            hint="torch.no_grad() switches the recording off.",
        )


def _in_training_mode() -> CheckFailed:
    return CheckFailed(
        "layers were in training mode while predicting",
        "evaluation mode",
        kind="torch-not-in-eval-mode",
        hint="switch to evaluation mode first: dropout must not be active.",
    )


def expect_largest(model: Handle, X: Tensor, got: np.ndarray) -> None:
    """Raises CheckFailed unless labels are the largest logits' indices, up to rounding."""
    n = len(X.array)
    logits = np.asarray(as_array(probe(model, "logits", X)), np.float64)
    if logits.shape != (n, 10):
        raise CheckFailed(
            f"forward returned shape {logits.shape} for {n} images",
            f"({n}, 10)",
            kind="wrong-shape",
        )
    largest = logits.argmax(axis=1)
    clear = np.ptp(np.sort(logits, axis=1)[:, -2:], axis=1) > CLOSE
    if (got != largest)[clear].any() and not np.array_equal(
        got, expect_labels(prediction(model, X)["labels"], n)
    ):
        raise CheckFailed(
            "two predictions for the same images differ",
            "the same labels both times",
            kind="torch-not-in-eval-mode",
            hint="something is still random, as dropout is in training.",
        )
    expect_array(
        "predict(X)",
        np.where(clear, got, largest),
        largest.astype(np.float64),
        hint="the index of the largest logit in each row.",
    )
