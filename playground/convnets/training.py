"""Training of a convolutional network: validation, the best epoch kept, early stopping, checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import utils
from playground.convnets.checkpoints import Checkpoint, TrainingProgress, identity
from playground.convnets.configuration import ConvConfiguration
from playground.convnets.evaluation import measure
from playground.convnets.images import ImageBatches, to_device
from playground.convnets.processor import Processor, choose_processor
from playground.errors import Diverged, PlaygroundError
from playground.schedules import SCHEDULES
from playground.training import NOT_MEASURED, AfterEpoch, TrainingRun
from utils import History

MEASURED_IMAGES = 2000  # training images of each epoch's curve: known to half a point, and the clock hardly notices


def train_convnet(
    model: nn.Module,
    configuration: ConvConfiguration,
    X_train: np.ndarray,
    y_train: np.ndarray,
    X_val: np.ndarray | None = None,
    y_val: np.ndarray | None = None,
    *,
    device: str = "auto",
    seed: int = 0,
    verbose: bool = False,
    after_epoch: AfterEpoch | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> TrainingRun:
    """Trains the model in place, on the device, and returns the learning curves.

    `X_train (n, 784)` uint8 pixels, `y_train (n,)` labels. Each epoch is measured on the validation images and on
    some of the training images, alike: without dropout, alterations or label smoothing. The parameters of the epoch
    best in validation accuracy are kept; without validation images those of the last, and their curves hold NaN.
    `verbose` prints an epoch table. With a `checkpoint` the run is written to that file after each epoch; `resume`
    goes on with the run in it, and the result is that of a run never interrupted. `after_epoch(epoch, history)` is
    called when an epoch, counted from 1, has been measured and written; what it raises ends the training.

    Raises PlaygroundError where device or precision cannot be had, the data is none of images, or the checkpoint
    holds another run; Diverged where the loss does not stay finite.
    """
    started = time.perf_counter()
    validation = None if X_val is None or y_val is None or not len(y_val) else (X_val, y_val)
    if validation is None and configuration.patience is not None:
        raise PlaygroundError("patience needs validation images, and there are none")
    processor = choose_processor(device, configuration.precision)
    model.to(processor.device, memory_format=torch.channels_last)
    descent = ConvNetDescent(
        model,
        configuration,
        ImageBatches(X_train, y_train, configuration, processor.device),
        processor,
    )
    judged = Judged(configuration, processor, X_train, y_train, validation)
    progress, file = TrainingProgress(), None
    if checkpoint is not None:
        file = Checkpoint(
            checkpoint, identity(configuration, seed, X_train, y_train, *(validation or ()))
        )
        if resume:
            progress = file.load(model, descent.optimizer)
    earlier = progress.seconds
    while not _is_over(progress, configuration):
        descent.run_epoch(progress.epochs + 1, seed)
        judged.record(model, progress.history)
        progress.keep_if_best(model)
        progress.seconds = earlier + time.perf_counter() - started
        if verbose:
            progress.history.print_last()
        if file:
            file.save(progress, model, descent.optimizer)
        if after_epoch is not None:
            after_epoch(progress.epochs, progress.history)
    if progress.best_state is not None:
        model.load_state_dict(progress.best_state)
    return TrainingRun(progress.history, progress.best_epoch, progress.seconds)


def _is_over(progress: TrainingProgress, configuration: ConvConfiguration) -> bool:
    """Whether all epochs are done, or too many since the best."""
    patience = configuration.patience
    without_better = progress.epochs - progress.best_epoch
    return progress.epochs >= configuration.epochs or (
        patience is not None and without_better >= patience
    )


class ConvNetDescent:
    """The steps of a run: gradients, learning rate, update."""

    def __init__(
        self,
        model: nn.Module,
        configuration: ConvConfiguration,
        batches: ImageBatches,
        processor: Processor,
    ):
        self.model, self.configuration, self.batches, self.processor = (
            model,
            configuration,
            batches,
            processor,
        )
        self.schedule = SCHEDULES[configuration.schedule]
        weights = [
            p for p in model.parameters() if p.ndim > 1
        ]  # what is added or scales alone is not decayed
        others = [p for p in model.parameters() if p.ndim <= 1]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": weights, "weight_decay": configuration.weight_decay},
                {"params": others, "weight_decay": 0.0},
            ],
            lr=configuration.learning_rate,
            fused=True,
        )

    def run_epoch(self, epoch: int, seed: int) -> None:
        """One step on each batch; what is random depends on seed and epoch alone. Raises Diverged."""
        steps = len(self.batches)
        rng = np.random.default_rng([seed, epoch])
        shown = utils.progress(self.batches.epoch(rng), description=f"epoch {epoch}", total=steps)
        self.model.train()
        with _drawing_from(rng, self.processor.device):
            losses = [self._step(X, y, steps * (epoch - 1) + i) for i, (X, y) in enumerate(shown)]
        mean = float(torch.stack(losses).mean())
        if not math.isfinite(mean):
            raise Diverged(
                f"the training loss is {mean} in epoch {epoch}, expected a finite number: "
                f"try a learning rate below {self.configuration.learning_rate:g}"
            )

    def _step(self, X: torch.Tensor, y: torch.Tensor, number: int) -> torch.Tensor:
        """One step of AdamW on a batch; its loss, left on the device so that nobody waits for it."""
        configuration = self.configuration
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule(
                number, len(self.batches) * configuration.epochs, configuration.learning_rate
            )
        self.optimizer.zero_grad()
        with self.processor.arithmetic():
            logits = self.model(X)
        loss = F.cross_entropy(logits.float(), y, label_smoothing=configuration.label_smoothing)
        loss.backward()
        self.optimizer.step()
        return loss.detach()


@contextmanager
def _drawing_from(rng: np.random.Generator, device: str) -> Iterator[None]:
    """While in it, torch's dropout draws what `rng` determines; after it, torch's generators are as they were."""
    with torch.random.fork_rng(
        [] if device == "cpu" else [0], device_type="cuda" if device == "cpu" else device
    ):
        torch.manual_seed(int(rng.integers(2**63)))
        yield


class Judged:
    """The images that each epoch is measured on."""

    def __init__(
        self,
        configuration: ConvConfiguration,
        processor: Processor,
        X_train: np.ndarray,
        y_train: np.ndarray,
        validation: tuple[np.ndarray, np.ndarray] | None,
    ):
        self.configuration, self.processor = configuration, processor
        self.training = (
            to_device(X_train[:MEASURED_IMAGES], processor.device),
            y_train[:MEASURED_IMAGES],
        )
        self.validation = (
            (to_device(validation[0], processor.device), validation[1]) if validation else None
        )

    def record(self, model: nn.Module, history: History) -> None:
        """Add what the model now achieves to the curves."""
        train, val = (
            measure(model, self.configuration, *images, self.processor) if images else NOT_MEASURED
            for images in (self.training, self.validation)
        )
        history.record(train, val)
