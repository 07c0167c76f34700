"""Train a script on the real data in its worker, and measure its accuracy here, where the test labels are."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assignment.expect import CheckFailed
from assignment.parts import PARTS
from grader.errors import NotWritten, StudentFault, TimedOut
from grader.results import Training
from grader.rubric import RubricSection, TrainingRules
from grader.sandbox.remote import Module, Remote, Student, as_array, probe, type_name
from grader.training.details import look_back
from grader.training.perturbation import Perturbation
from grader.worker.protocol import Tensor
from utils import History, Splits, load_fashion_mnist, to_one_hot

TRAINING_IMAGES = 54_000  # less those that validate
GUESSING = float(
    np.log(10)
)  # the loss of a network that gives all ten classes the same probability
BLOCK = 1000  # test images asked for at a time: a wide CNN needs gigabytes for all 10,000


@dataclass(frozen=True)
class Run:
    """One training: its accuracy on the test images in [0, 1], its learning curves if it gave any, seconds of `fit`."""

    accuracy: float
    history: History | None
    seconds: float
    accuracies: tuple[float, ...] = ()  # of all runs, where this is the median of several
    audited: float | None = None  # the accuracy with the pixels permuted, where that was tried
    shown: Training | None = None  # for a report


def train(
    student: Student,
    *,
    seconds: float,
    seed: int,
    device: str,
    data_dir: Path | None,
    train_size: int | None,
    shuffle_pixels: bool = False,
) -> Run:
    """Construct, fit and test, on data in disguise. Raises StudentFault or CheckFailed; DataError where the data is missing.

    `seed` draws the disguise and must not reach the worker: it gets another, from which this one cannot be found.
    """
    script, module = student.script, student.module
    part = PARTS[script]
    numpy_part = script == "numpy_ann"
    rng = np.random.default_rng([seed, 1])
    disguise = Perturbation.draw(rng, shuffle_pixels=shuffle_pixels)
    plain = _load(script, disguise, seed, data_dir, train_size)
    order = rng.permutation(len(plain.X_test))
    data = disguise.splits(plain, order, rng)
    seed = int.from_bytes(hashlib.sha256(f"worker {seed}".encode()).digest()[:4], "big") % 2**31
    student.prepare_training(seed)
    settings: dict[str, Any] = {
        "epochs": _hyperparameter(module, "EPOCHS"),
        "batch_size": _hyperparameter(module, "BATCH_SIZE"),
    }
    if numpy_part:
        settings["learning_rate"] = _hyperparameter(module, "LEARNING_RATE")
    else:
        settings["device"] = device
    model = getattr(module, part.class_name)(seed=seed)
    started = time.perf_counter()
    y_train, y_val = (to_one_hot(y) if numpy_part else y for y in (data.y_train, data.y_val))
    given = [data.X_train, y_train, data.X_val, y_val]
    arrays: list[Any] = given if numpy_part else [Tensor(array) for array in given]
    try:
        curves = model.fit.within(seconds, *arrays, **settings)
        taken = time.perf_counter() - started
        labels = _predict(model, data.X_test, numpy_part, seconds)
    except NotWritten:
        raise
    except TimedOut:
        raise StudentFault(
            f"training took longer than {seconds:g} s and was stopped", kind="train-time-limit"
        ) from None
    except StudentFault as fault:
        raise fault.within("training stopped", kind="train-crashed") from None
    history = _history(curves)
    shown = look_back(model, data, labels, disguise, order, history)
    return Run(float(np.mean(labels == data.y_test)), history, taken, shown=shown)


def _load(
    script: str, disguise: Perturbation, seed: int, data_dir: Path | None, train_size: int | None
) -> Splits:
    size = disguise.training_size(TRAINING_IMAGES if train_size is None else train_size)
    return load_fashion_mnist(
        data_dir, train_size=size, flat=PARTS[script].image_shape == (784,), seed=seed
    )


def _hyperparameter(module: Module, name: str) -> float:
    value = getattr(module, name)
    if isinstance(value, np.generic):
        value = value.item()
    whole = name != "LEARNING_RATE"
    if (
        isinstance(value, bool)
        or not isinstance(value, int if whole else int | float)
        or not value > 0
    ):
        raise CheckFailed(
            f"{name} is {value!r}",
            f"a positive {'whole ' if whole else ''}number",
            kind="wrong-type",
        )
    return value


def _predict(model: Remote, X_test: np.ndarray, numpy_part: bool, seconds: float) -> np.ndarray:
    """Labels of the test images, `(10000,)` int64. Raises CheckFailed for anything but whole numbers of the right shape."""
    blocks = []
    for start in range(0, len(X_test), BLOCK):
        X = X_test[start : start + BLOCK]
        if numpy_part:
            labels = model.predict.within(seconds, X)
        else:
            labels = probe(model, "predict_block", Tensor(X), seconds=seconds)
        blocks.append(expect_labels(labels, len(X)))
    return np.concatenate(blocks)


def expect_labels(value: Any, n: int) -> np.ndarray:
    """The labels, `(n,)` int64, if they are whole numbers in an array or tensor; raises CheckFailed otherwise."""
    labels = as_array(value)
    if not isinstance(labels, np.ndarray):
        raise CheckFailed(
            f"predict returned a {type_name(value)}",
            f"labels of shape ({n},)",
            kind="wrong-type",
        )
    if labels.shape != (n,):
        hint = (
            "the index of the largest value of each row, argmax over the classes."
            if labels.ndim == 2
            else ""
        )
        raise CheckFailed(
            f"predict gave shape {labels.shape} for {n} images",
            f"({n},)",
            kind="wrong-shape",
            hint=hint,
        )
    if (
        labels.dtype.kind not in "iuf"
        or not np.isfinite(labels).all()
        or (labels != np.floor(labels)).any()
    ):
        raise CheckFailed(
            f"predict gave {labels.dtype} values that are no labels",
            "whole numbers 0 to 9",
            kind="wrong-type",
        )
    return labels.astype(np.int64)


def _history(curves: Any) -> History | None:
    """The learning curves that fit returned, where it returned any that can be read."""
    try:
        if isinstance(curves, dict):
            lists = [curves[name] for name in History.__dataclass_fields__]
        else:
            lists = [getattr(curves, name) for name in History.__dataclass_fields__]
        history = History(*([float(as_array(value)) for value in values] for values in lists))
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, StudentFault):
        return None
    lengths = {len(values) for values in vars(history).values()}
    return history if len(lengths) == 1 and lengths != {0} else None


def expect_audited(run: Run, rules: TrainingRules) -> None:
    """Raises CheckFailed where a network does much worse with the pixels permuted, which training cannot notice."""
    if run.audited is not None and run.accuracy - run.audited > rules.audit_margin:
        raise CheckFailed(
            f"the accuracy does not come from training: {run.accuracy:.2%} with the images as they are, "
            f"{run.audited:.2%} with their pixels in another order",
            "nearly the same",
            hint="everything that the network knows has to come from fit.",
        )


def describe_accuracy(run: Run) -> str:
    """The accuracy, and those of all runs where there were several."""
    if len(run.accuracies) < 2:
        return f"{run.accuracy:.2%}"
    return f"{run.accuracy:.2%} (median of {', '.join(f'{accuracy:.2%}' for accuracy in run.accuracies)}: close to the bar)"


def expect_bar(run: Run, section: RubricSection, rules: TrainingRules) -> str:
    """What is to be said of a run that meets the bar of an accuracy section, and of its audit if there was one.

    Raises CheckFailed for one that does not.
    """
    bar = section.bar or 0.0
    if run.accuracy >= bar:
        expect_audited(run, rules)
        return (
            f"test accuracy {describe_accuracy(run)}, bar {bar:.0%}; trained in {run.seconds:.1f} s"
        )
    losses = [*run.history.train_losses, *run.history.val_losses] if run.history else []
    if not np.isfinite(losses).all():
        raise CheckFailed(
            f"the loss is not finite, and the test accuracy {run.accuracy:.2%}",
            f"at least {bar:.0%}",
            kind="train-diverged",
            hint="try a smaller LEARNING_RATE first.",
        )
    # steps so long that every unit is off for good: the loss is finite, and far above that of guessing
    if run.history and run.history.train_losses[-1] > 2 * GUESSING and run.accuracy < 0.2:
        raise CheckFailed(
            f"the training loss is {run.history.train_losses[-1]:.3g}, where guessing gives {GUESSING:.3g}, "
            f"and the test accuracy is {run.accuracy:.2%}",
            f"at least {bar:.0%}",
            kind="train-diverged",
            hint="try a smaller LEARNING_RATE first.",
        )
    raise CheckFailed(
        f"the test accuracy is {describe_accuracy(run)}",
        f"at least {bar:.0%}",
        kind="train-below-bar",
        hint=section.hint,
    )
