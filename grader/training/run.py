"""Train a script on the real data in its worker; measure accuracy here, where the labels are."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assignment.answers import Opaque, Tensor
from assignment.constants import HUGE, Missing, constant_failures
from assignment.expect import CheckFailed
from assignment.handles import Handle, Module, as_array, as_number, probe, type_name
from assignment.parts import PARTS
from grader.errors import NotWritten, StudentError, StudentFault, TimedOut
from grader.results import Training
from grader.rules import RubricSection
from grader.sandbox.remote import StudentScript
from grader.training.details import look_back
from grader.training.fitted_network import FittedNetwork, fitted_network
from grader.training.own_backward import NAMES, backward_problem
from grader.training.own_history import Belief, belief
from grader.training.perturbation import CLASSES, Perturbation, with_random_labels
from grader.training.questions import Questions, answered, predicted
from grader.training.training_notes import counted, fit_notes, saw_all, step_of, watch
from utils import History, Splits, load_fashion_mnist, to_one_hot

TRAINING_IMAGES = 54_000  # without the validation images
# The loss of a network that gives all ten classes the same probability.
GUESSING = float(np.log(10))


@dataclass(frozen=True)
class TrainingOutcome:
    """One training: test accuracy in [0, 1], learning curves if any, seconds of `fit`."""

    accuracy: float
    history: History | None
    seconds: float
    accuracies: tuple[float, ...] = ()  # of all runs, if this is the median of several
    shown: Training | None = None  # details for the report
    classes: int = CLASSES  # that were predicted for any test image
    moved: bool = True  # False if the weights after fit are those from before
    backward_problem: str = ""  # why it cannot have learned by its own backward
    history_problem: str = ""  # why the curves are not the network's
    judged: History | None = None  # the curves to judge by, if not those that fit returned
    notes: tuple[tuple[str, str], ...] = ()  # for the instructor: ids and texts
    network: FittedNetwork | None = None  # of part 1, if its weights explain what it predicts


def train(
    student: StudentScript,
    *,
    seconds: float,
    seed: int,
    device: str,
    data_dir: Path | None,
    train_size: int | None,
    shuffle_pixels: bool = False,
    shuffle_labels: float = 0.0,
    reads_curves: bool = True,
) -> TrainingOutcome:
    """Construct, fit and test the network on perturbed data.

    `seed` draws the perturbation and must not reach the worker, which gets another seed derived
    from it by a hash. `reads_curves` says whether the curves of a network in PyTorch will be read,
    so that they must be compared with the network. `shuffle_pixels` and `shuffle_labels`, a share of
    the labels, are for audits. Raises StudentFault or CheckFailed, and
    DataError if the data is missing.
    """
    script, module = student.script, student.module
    part = PARTS[script]
    _expect_constants(module, script)
    numpy_part = script == "numpy_ann"
    rng = np.random.default_rng([seed, 1])
    perturbation = Perturbation.draw(rng, shuffle_pixels=shuffle_pixels)
    plain = _load(script, perturbation, seed, data_dir, train_size)
    order = rng.permutation(len(plain.X_test))
    data = perturbation.splits(plain, order, rng)
    data = with_random_labels(data, shuffle_labels, rng)
    seed = int.from_bytes(hashlib.sha256(f"worker {seed}".encode()).digest()[:4], "big") % 2**31
    student.prepare_training(seed)
    settings: dict[str, Any] = {"epochs": _plain(module.EPOCHS)}
    settings["batch_size"] = _plain(module.BATCH_SIZE)
    if numpy_part:
        settings["learning_rate"] = _plain(module.LEARNING_RATE)
    else:
        settings["device"] = device
    model = getattr(module, part.class_name)(seed=seed)
    before, step = _fingerprint(model, numpy_part), step_of(numpy_part)
    watch(student, model, step)
    started = time.perf_counter()
    y_train, y_val = (to_one_hot(y) if numpy_part else y for y in (data.y_train, data.y_val))
    given = [data.X_train, y_train, data.X_val, y_val]
    arrays: list[Any] = given if numpy_part else [Tensor(array) for array in given]
    try:
        curves = model.fit.within(seconds, *arrays, **settings)
        taken = time.perf_counter() - started
        calls, history = counted(student, step), _history(curves)
        asked = reads_curves and history is not None and not numpy_part
        questions = Questions(data, rng, test_only=not asked)
        answers = questions.ask(predicted(model, numpy_part=numpy_part, seconds=seconds))
    except NotWritten:
        raise
    except TimedOut as late:
        where = " where an earlier call hung" if late.again else ""
        raise StudentFault(
            f"training and prediction took longer than {late.seconds:.4g} s and were stopped{where}",
            kind="train-time-limit",
            trace=late.trace,
        ) from None
    except StudentFault as fault:
        raise fault.within("training stopped", kind="train-crashed") from None
    after, labels = _fingerprint(model, numpy_part), answers.test
    images = len(data.X_train)
    found = Belief()
    if asked and history is not None:
        ways = answered(model, questions, answers, seconds)
        all_seen = saw_all(calls, images, len(history.val_losses))
        found = belief(history, questions, ways, saw_all=all_seen)
    known = [("validation-images-known", found.known)] if found.known else []
    network = (  # now, because backward_problem changes its weights
        fitted_network(model, perturbation, plain.X_test[order], labels) if numpy_part else None
    )
    return TrainingOutcome(
        float(np.mean(labels == data.y_test)),
        history,
        taken,
        shown=look_back(model, data, labels, perturbation, order, history),
        classes=len(np.unique(labels)),
        moved=before is None or before != after,
        history_problem=found.problem,
        judged=found.judged,
        notes=(*fit_notes(step, calls, images), *known),
        network=network,
        backward_problem=(
            backward_problem(module, model, data.X_val, data.y_val, rng) if numpy_part else ""
        ),
    )


def _fingerprint(model: Handle, numpy_part: bool) -> str | None:
    """A hash of the weights; None where they cannot be read, as before a lazy layer's first use."""
    try:
        if not numpy_part:
            return str(probe(model, "fingerprint"))
        content = b"".join(as_array(getattr(model, name)).tobytes() for name in NAMES)
    except Exception:
        return None
    return hashlib.sha256(content).hexdigest()


def _load(
    script: str,
    perturbation: Perturbation,
    seed: int,
    data_dir: Path | None,
    train_size: int | None,
) -> Splits:
    size = perturbation.training_size(TRAINING_IMAGES if train_size is None else train_size)
    return load_fashion_mnist(
        data_dir, train_size=size, flat=PARTS[script].image_shape == (784,), seed=seed
    )


def _expect_constants(module: Module, script: str) -> None:
    """Raises CheckFailed with `constant-invalid` for a constant that cannot be one."""
    for failure in constant_failures(script, lambda name: _constant(module, name)):
        raise failure


def _constant(module: Module, name: str) -> Any:
    """The value of a constant; for an object of the worker's, one with the same type name."""
    try:
        value = getattr(module, name)
    except StudentError as fault:
        if fault.kind != "not-written":
            raise
        return Missing
    if isinstance(value, Handle | Opaque | Tensor):
        # a whole number that does not travel as one is too large to
        return HUGE if type_name(value) == "int" else type(type_name(value), (), {})()
    return value


def _plain(value: Any) -> Any:
    """A number of NumPy's as one of Python's."""
    return value.item() if isinstance(value, np.generic | np.ndarray) else value


def _history(curves: Any) -> History | None:
    """The learning curves that fit returned; None if it returned none that can be read."""
    try:
        if isinstance(curves, dict):
            lists = [curves[name] for name in History.__dataclass_fields__]
        else:
            lists = [getattr(curves, name) for name in History.__dataclass_fields__]
        history = History(*([_number(value) for value in values] for values in lists))
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, StudentFault):
        return None
    lengths = {len(values) for values in vars(history).values()}
    return history if len(lengths) == 1 and lengths != {0} else None


def _number(value: Any) -> float:
    """An entry of the curves, which may be a tensor or an array of one number."""
    number = as_number(value)
    return float(value) if number is None else number


def expect_own_history(run: TrainingOutcome) -> None:
    """Raises CheckFailed for curves that are not those of the network that was trained."""
    if run.history_problem:
        raise CheckFailed(
            run.history_problem,
            "the curves of this training",
            kind="history-not-from-this-run",
        )


def describe_accuracy(run: TrainingOutcome) -> str:
    """The accuracy, followed by those of all runs if there were several."""
    if len(run.accuracies) < 2:
        return f"{run.accuracy:.2%}"
    several = ", ".join(f"{accuracy:.2%}" for accuracy in run.accuracies)
    return f"{run.accuracy:.2%} (close to the bar, so the median of {several})"


def expect_bar(run: TrainingOutcome, section: RubricSection) -> str:
    """A remark on a run that meets the section's bar.

    Raises CheckFailed for any other run.
    """
    bar = section.bar or 0.0
    if run.backward_problem:
        raise CheckFailed(
            f"{run.backward_problem}; so the test accuracy of {run.accuracy:.2%} does not come "
            "from backward",
            "a loss that falls",
            kind="train-without-backward",
        )
    if run.accuracy >= bar:
        return (
            f"test accuracy {describe_accuracy(run)}, bar {bar:.0%}; trained in {run.seconds:.1f} s"
        )
    losses = [*run.history.train_losses, *run.history.val_losses] if run.history else []
    if not np.isfinite(losses).all():
        raise CheckFailed(
            f"the loss is not finite, and the test accuracy is {run.accuracy:.2%}",
            f"at least {bar:.0%}",
            kind="train-diverged",
            hint="try a smaller LEARNING_RATE first.",
        )
    # after steps so long that every unit is off for good, the loss is finite and far above guessing
    if run.history and run.history.train_losses[-1] > 2 * GUESSING and run.accuracy < 0.2:
        raise CheckFailed(
            f"the training loss is {run.history.train_losses[-1]:.3g}, far above "
            f"{GUESSING:.3g}, the loss of guessing, and the test accuracy is {run.accuracy:.2%}",
            f"at least {bar:.0%}",
            kind="train-diverged",
            hint="try a smaller LEARNING_RATE first.",
        )
    raise CheckFailed(
        f"the test accuracy is {describe_accuracy(run)}{_oddity(run)}",
        f"at least {bar:.0%}",
        kind="train-one-class" if run.classes == 1 else "train-below-bar",
    )


def _oddity(run: TrainingOutcome) -> str:
    """What is odd about a network below the bar, as the rest of a sentence."""
    still = "" if run.moved else ", the weights after fit are exactly those from before"
    return still + (", and every test image gets the same label" if run.classes == 1 else "")
