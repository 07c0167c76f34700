"""Mini-batch gradient descent with validation, early stopping and restoring of the best epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import utils
from playground.arguments import check_training_data
from playground.arrays import aligned_zeros
from playground.blas import suitable_threads
from playground.checkpoints import Checkpoint, check_resumed, identity, resumed
from playground.errors import Diverged, PlaygroundError
from playground.history import EPOCH_TABLE, History
from playground.network import Network, Snapshot
from playground.optimizers import OPTIMIZERS
from playground.pixels import as_numbers, image_windows, mirror_images
from playground.schedules import SCHEDULES
from playground.values import generator

NOT_MEASURED = (math.nan, math.nan)  # loss and accuracy without validation images
AfterEpoch = Callable[[int, History], None]


@dataclass(frozen=True)
class Step:
    """One update: its `number` over all epochs and its `epoch`, both from 1.

    `loss` is that of the batch in training, before the update, with dropout and label smoothing;
    `gradient_norm` that of its gradient, `learning_rate` the rate of the update.
    """

    number: int
    epoch: int
    loss: float
    learning_rate: float = math.nan
    gradient_norm: float = math.nan


AfterStep = Callable[[Step], None]


@dataclass
class Controls:
    """What may be changed while a network trains: `rate_factor` multiplies the learning rate."""

    rate_factor: float = 1.0


class StopTraining(Exception):
    """Raised by a callback to end the training without an error, as if its epochs were done."""


@dataclass(frozen=True)
class TrainingRun:
    """The record of a training run, besides the trained network.

    `best_epoch` has the best validation accuracy and counts from 1; it is 0 without validation
    images. A convolutional network has its parameters; a NumPy network has them only with
    `keep_best`, and otherwise those of the last step.
    """

    history: History
    best_epoch: int
    seconds: float


def train(
    network: Network,
    X_train: np.ndarray,
    y_train: np.ndarray,
    X_val: np.ndarray | None = None,
    y_val: np.ndarray | None = None,
    *,
    seed: int | np.random.Generator = 0,
    verbose: bool = False,
    after_epoch: AfterEpoch | None = None,
    after_step: AfterStep | None = None,
    controls: Controls | None = None,
    checkpoint: str | Path | None = None,
    resume: bool = False,
) -> TrainingRun:
    """Trains the network in place according to its configuration; returns the learning curves.

    `X_train (n, d)` holds uint8 pixels (fastest) or floats, `y_train (n,)` labels. After each epoch
    the network is evaluated on the validation images and on the same number of training images,
    without dropout or label smoothing. Without validation images, the validation curves hold NaN.
    `verbose` prints a table of epochs. `after_epoch(epoch, history)` is called after each
    evaluation, with epochs counted from 1, and `after_step(step)` after each update; an exception
    that they raise ends the training, StopTraining without an error. `controls` may change the
    learning rate between two steps.

    With a `checkpoint`, the run is saved to that file after each epoch; `resume` continues the
    saved run with the same result as an uninterrupted one, or extends it to more epochs.

    Raises PlaygroundError if the data does not fit the network, or if `keep_best` or `patience`
    lack validation images, or if the checkpoint belongs to another run; Diverged if the loss
    becomes infinite or NaN.
    """
    configuration, started = network.configuration, time.perf_counter()
    check_resumed(checkpoint, resume=resume)
    classes = network.shapes[-1][0]
    validation = check_training_data(X_train, y_train, X_val, y_val, classes, network.check)
    if validation is None and (configuration.keep_best or configuration.patience is not None):
        raise PlaygroundError("keep_best and patience need validation images, but there are none")
    batches = Batches(X_train, y_train, network, generator(seed))
    descent = GradientDescent(
        network,
        steps=len(batches) * configuration.epochs,
        controls=controls,
        after_step=after_step,
    )
    measured = len(validation[1]) if validation else 6000
    history, best = History(), Best()
    file, earlier = None, 0.0
    if checkpoint is not None:
        run = identity(configuration, seed, X_train, y_train, *(validation or ()))
        file = Checkpoint(
            Path(checkpoint),
            {**run, "layers": repr(network), "dtype": str(network.dtype)},
            network,
            descent.optimizer,
            batches.rng,
            best,
            vars(history),
        )
        if resume:
            before, earlier, descent.controls.rate_factor = file.load()
            done = len(history.train_losses)
            descent.step_count = done * len(batches)
            if verbose:
                print(resumed(done, before, configuration.epochs, configuration.schedule))
                if done < configuration.epochs:
                    print(EPOCH_TABLE)
    patience = math.inf if configuration.patience is None else configuration.patience
    with suppress(StopTraining):
        for epoch in range(len(history.train_losses) + 1, configuration.epochs + 1):
            if epoch - 1 - best.epoch >= patience:
                break
            # overflows are reported by Diverged instead of by warnings
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                history.step_losses += descent.run_epoch(batches, epoch)
                train_scores = network.evaluate(X_train[:measured], y_train[:measured])
                val_scores = network.evaluate(*validation) if validation else NOT_MEASURED
            check_finite(train_scores[0], epoch, configuration.learning_rate)
            history.record(train_scores, val_scores)
            if verbose:
                history.print_last()
            best.update(epoch, val_scores[1], network)
            if file is not None:
                seconds = earlier + time.perf_counter() - started
                file.save(seconds, descent.controls.rate_factor)
            if after_epoch is not None:
                after_epoch(epoch, history)
    if best.snapshot is not None:
        network.restore(best.snapshot)
    return TrainingRun(history, best.epoch, earlier + time.perf_counter() - started)


def check_finite(loss: float, epoch: int, learning_rate: float) -> None:
    """Raises Diverged if a training loss is infinite or NaN, in a step or after the epoch."""
    if not math.isfinite(loss):
        raise Diverged(
            f"the training loss is {loss} in epoch {epoch}, expected a finite number: "
            f"try a learning rate below {learning_rate:g}"
        )


class GradientDescent:
    """The steps of a training run: gradients, learning rate, update."""

    def __init__(
        self,
        network: Network,
        steps: int,
        controls: Controls | None = None,
        after_step: AfterStep | None = None,
    ):
        self.network, self.steps, self.step_count = network, steps, 0
        self.controls, self.after_step = controls or Controls(), after_step
        configuration = network.configuration
        self.schedule, self.peak = SCHEDULES[configuration.schedule], configuration.learning_rate
        self.optimizer = OPTIMIZERS[configuration.optimizer](
            network.parameters,
            network.gradients,
            weight_decay=configuration.weight_decay,
            decayed=network.weights,
        )

    def run_epoch(self, batches: Batches, epoch: int) -> list[float]:
        """Makes one step per batch and returns their losses. Raises Diverged."""
        with suitable_threads(self.network.configuration.batch_size, self.network.shapes):
            return self._run_epoch(batches, epoch)

    def _run_epoch(self, batches: Batches, epoch: int) -> list[float]:
        losses = []
        for X, y in utils.progress(batches, description=f"epoch {epoch}", total=len(batches)):
            loss = self.network.train_batch(X, y)
            check_finite(loss, epoch, self.peak)
            rate = self.controls.rate_factor * self.schedule(self.step_count, self.steps, self.peak)
            # before the update, which may overwrite the gradients
            norm = self._gradient_norm() if self.after_step is not None else math.nan
            self.optimizer.step(rate)
            self.step_count += 1
            losses.append(loss)
            if self.after_step is not None:
                self.after_step(Step(self.step_count, epoch, loss, rate, norm))
        return losses

    def _gradient_norm(self) -> float:
        return float(np.linalg.norm(self.network.gradients))


class Batches:
    """Shuffled mini-batches: each iteration yields one epoch of pairs `(X (b, d), y (b,))`.

    The last batch may be smaller. uint8 images are gathered as uint8, a quarter of the memory
    traffic of float32, and then divided by 255. The next batch overwrites `X`.
    """

    def __init__(self, X: np.ndarray, y: np.ndarray, network: Network, rng: np.random.Generator):
        configuration = network.configuration
        self.flips, self.shifts = configuration.flips, configuration.shifts
        # mirrored once, for twice the memory: in the loop a flip only selects another row
        X = np.concatenate([X, mirror_images(X)]) if self.flips else np.ascontiguousarray(X)
        # each row, or of shifted images `(side, side)` windows [row, down, right]: views, not copies
        self.X = image_windows(X, self.shifts) if self.shifts else X
        self.y, self.size, self.rng = y, configuration.batch_size, rng
        shape = min(self.size, len(y)), X.shape[1]
        self.gathered = aligned_zeros(shape, X.dtype)
        self.scaled = aligned_zeros(shape, network.parameters.dtype)

    def __len__(self) -> int:
        return -(-len(self.y) // self.size)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        order = self.rng.permutation(len(self.y))
        rows = order + len(self.y) * self.rng.integers(0, 2, len(order)) if self.flips else order
        if self.shifts:
            places = self.rng.integers(0, 2 * self.shifts + 1, (2, len(order)))
        for start in range(0, len(order), self.size):
            batch = slice(start, start + self.size)
            index, count = rows[batch], len(rows[batch])
            X = self.gathered[:count]
            if self.shifts:
                X.reshape(count, *self.X.shape[-2:])[...] = self.X[index, *places[:, batch]]
            else:
                # mode="clip" writes directly to `out`; the default mode makes a copy to check the
                # indices
                np.take(self.X, index, axis=0, mode="clip", out=X)
            yield as_numbers(X, self.scaled.dtype, self.scaled[:count]), self.y[order[batch]]


class Best:
    """The first epoch with the best validation accuracy, and with `keep_best` its snapshot."""

    def __init__(self) -> None:
        self.epoch, self.accuracy = 0, -math.inf
        self.snapshot: Snapshot | None = None

    def update(self, epoch: int, accuracy: float, network: Network) -> None:
        """Compares an epoch with the best one so far; NaN (not measured) is never the best."""
        if accuracy > self.accuracy:
            self.epoch, self.accuracy = epoch, accuracy
            if network.configuration.keep_best:
                self.snapshot = network.snapshot()
