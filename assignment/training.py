"""Training, testing and plotting one script."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from assignment.answers import NUMPY_DEFAULTS
from assignment.blas import one_thread
from assignment.data import DataError
from assignment.files import can_be_written, put_in_place, temporary_neighbour
from assignment.memory import keep_memory
from assignment.notebooks import show_picture
from assignment.parts import Part
from assignment.settings import Settings
from assignment.student_errors import describe_error
from assignment.type_names import in_words
from utils import (
    History,
    Splits,
    choose_device,
    load_fashion_mnist,
    plot_history,
    seed_everything,
)

QUICK = "_quick"  # in the name of a plot of a run with other settings than the script's


@dataclass(frozen=True)
class Run:
    """What a run needs before it starts: its plot's path, its data, and its device."""

    plot: Path
    data: Splits
    device: str
    fingerprint: str


class CannotRun(Exception):
    """Something outside of the script is missing; the message is one line."""


def prepared(part: Part, module: ModuleType, settings: Settings, fingerprint: str) -> Run:
    """All that training needs. Raises CannotRun, before any time is spent on training."""
    _expect_matplotlib()
    plot = plot_path(part, module, settings)
    if not can_be_written(plot):
        raise CannotRun(
            f"{shown(plot)} could not be written after training: it is a folder, or {plot.parent} "
            "is read-only. Work in a folder of your own"
        )
    try:
        device = "cpu" if part.name == "numpy_ann" else choose_device(settings.device)
        data = load_fashion_mnist(
            settings.data_dir,
            train_size=settings.train_size,
            one_hot=part.name == "numpy_ann",
            flat=part.image_shape == (784,),
        )
    except (DataError, ValueError) as error:
        raise CannotRun(str(error)) from None
    return Run(plot, data, device, fingerprint)


def _expect_matplotlib() -> None:
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise CannotRun(
            "matplotlib, which draws the learning curves, cannot be imported "
            f"({error}): pip install matplotlib"
        ) from None


def plot_path(part: Part, module: ModuleType, settings: Settings) -> Path:
    """Where the plot goes: beside the script, and beside the full run's plot after a quick try."""
    file = getattr(module, "__file__", None)
    folder = Path(file).resolve().parent if file else Path.cwd()
    name = Path(part.plot_file)
    return folder / (f"{name.stem}{QUICK}{name.suffix}" if settings.changed else name.name)


def shown(path: Path) -> str:
    """A path as short as it can be: the name alone in the present folder."""
    return path.name if path.parent == Path.cwd() else str(path)


@dataclass(frozen=True)
class Trained:
    """A network after training, with its curves and its accuracy on the test images, in [0, 1]."""

    model: Any
    history: History
    accuracy: float
    bar_met: bool


def train_and_test(part: Part, module: ModuleType, settings: Settings, run: Run) -> bool:
    """Train, test and plot one script; prints the results and returns whether the bar is met."""
    trained = train(part, module, settings, run)
    if trained is None or not _write_plot(part, settings, run, trained.history):
        return False
    print_advice(trained, settings)
    return trained.bar_met


def train(part: Part, module: ModuleType, settings: Settings, run: Run) -> Trained | None:
    """The trained and tested network; prints how it went. None if it cannot be tested."""
    data = run.data
    print(f"\nTraining on {len(data.X_train):,} images, {run.device}")
    keep_memory()
    seed_everything(settings.seed)
    started = time.perf_counter()
    try:
        with np.errstate(**NUMPY_DEFAULTS):  # a script's "raise" would stop the given softmax
            model, history, predict = _fit(part, module, settings, run)
            seconds = time.perf_counter() - started
            labels = predict()
    except (BrokenPipeError, DataError):
        raise
    except (Exception, SystemExit) as error:
        described = describe_error(error, verbose=settings.verbose)
        print(f"\nTraining stopped with an error:\n{described}")
        return None
    curves = [getattr(history, name, None) for name in ("train_losses", "val_losses")]
    if not all(isinstance(curve, list) for curve in curves):
        found = in_words(type(history).__name__)
        print(f"\nfit returned {found}, expected the History that it has recorded.")
        return None
    losses = [*history.train_losses, *history.val_losses]
    if not losses or not np.isfinite(losses).all():
        print(
            "\nThe loss is not finite: training diverged. Hint: try a smaller LEARNING_RATE first."
        )
        return None
    expected = data.y_test.shape[:1]
    if labels.shape != expected:
        images = len(data.X_test)
        print(f"\npredict returned shape {labels.shape} for {images} images, expected {expected}.")
        return None
    y_test = data.y_test if data.y_test.ndim == 1 else data.y_test.argmax(axis=1)
    accuracy = float(np.mean(labels == y_test))
    bar_met = accuracy >= part.bar
    print(f"\nTrained in {seconds:.1f} s")
    print(
        f"Test accuracy {accuracy:.2%}, bar {part.bar:.0%}: {'met' if bar_met else 'not met yet'}"
    )
    return Trained(model, history, accuracy, bar_met)


def print_advice(trained: Trained, settings: Settings) -> None:
    """Print what to try if the bar is not met."""
    if not trained.bar_met and "train_size" in settings.changed:
        print("Hint: a try with fewer images shows whether the loss falls; only a run with all of")
        print("them, without --train-size, can be compared with the bar.")
    elif trained.accuracy < 0.2:
        print("Hint: this is little better than guessing. Try a much smaller LEARNING_RATE first.")
    elif not trained.bar_met:
        print("Hint: compare the two loss curves (README.md, Reading learning curves),")
        print("then try more epochs or another LEARNING_RATE.")


def _write_plot(part: Part, settings: Settings, run: Run, history: History) -> bool:
    """Whether the plot is written; a plot that was there before stays whole until then."""
    try:
        with temporary_neighbour(run.plot) as drawn:
            plot_history(
                history,
                drawn,
                title=f"{part.class_name}: learning curves",
                bar=part.bar,
                script=part.name,
                fingerprint=run.fingerprint,
                options=settings.changed,
            )
            put_in_place(drawn, run.plot)
    except OSError as error:
        print(f"error: {shown(run.plot)} cannot be written ({error.strerror})", file=sys.stderr)
        return False
    print(f"Learning curves: {shown(run.plot)}")
    if settings.changed:
        print(f"This was a try with {settings.options}, so its plot has a name of its own;")
        to_hand_in = ", the one to hand in" if part.name != "numpy_ann" else ""
        print(f"a run without options writes {part.plot_file}{to_hand_in}.")
    show_picture(run.plot)
    return True


def _fit(
    part: Part, module: ModuleType, settings: Settings, run: Run
) -> tuple[Any, History, Callable[[], np.ndarray]]:
    """The trained network, its learning curves, and a function that predicts the test labels."""
    model = getattr(module, part.class_name)(seed=settings.seed)
    given = {"epochs": settings.epochs, "batch_size": settings.batch_size}
    data = run.data
    if part.name == "numpy_ann":
        with one_thread():  # as in marking
            history = model.fit(*data[:4], **given, learning_rate=settings.learning_rate)
        return model, history, lambda: np.asarray(model.predict(data.X_test))
    import torch

    if settings.learning_rate is not None:  # configure_optimizer reads it there
        module.LEARNING_RATE = settings.learning_rate  # type: ignore[attr-defined]
    arrays = (torch.from_numpy(array) for array in data[:4])
    history = model.fit(*arrays, **given, device=run.device)
    blocks = torch.from_numpy(data.X_test).to(run.device).split(1000)
    return (
        model,
        history,
        lambda: np.concatenate(
            [torch.as_tensor(model.predict(block)).cpu().numpy() for block in blocks]
        ),
    )
