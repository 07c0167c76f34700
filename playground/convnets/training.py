"""Training of a convolutional network with validation, early stopping and checkpoints."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn

import utils
from playground.arguments import check_pixels, check_training_data
from playground.checkpoints import check_resumed, identity, resumed
from playground.convnets.checkpoints import Checkpoint, TrainingProgress
from playground.convnets.configuration import ConvConfiguration
from playground.convnets.evaluation import measure
from playground.convnets.images import ImageBatches, to_device
from playground.convnets.networks import CLASSES
from playground.convnets.processor import Processor, choose_processor
from playground.errors import PlaygroundError
from playground.history import EPOCH_TABLE, History
from playground.schedules import SCHEDULES
from playground.training import (
    NOT_MEASURED,
    AfterEpoch,
    AfterStep,
    Controls,
    Step,
    StopTraining,
    TrainingRun,
    check_finite,
)
from playground.values import MAX_SEED, check_whole

MEASURED_IMAGES = 2000  # training images evaluated per epoch: exact to half a point, and fast


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
    after_step: AfterStep | None = None,
    controls: Controls | None = None,
    checkpoint: str | Path | None = None,
    resume: bool = False,
) -> TrainingRun:
    """Trains the model in place on the device; returns the learning curves.

    `X_train (n, 784)` holds uint8 pixels, `y_train (n,)` labels. After each epoch the model is
    evaluated on the validation images and on some training images, without dropout, augmentation or
    label smoothing. At the end the model has the parameters of the epoch with the best validation
    accuracy. Without validation images it keeps those of the last epoch, and the validation curves
    hold NaN. With `averaging`, it is the running mean of the weights that is evaluated and kept.
    `verbose` prints a table of epochs.

    With a `checkpoint`, the run is saved to that file after each epoch; `resume` continues the
    saved run with the same result as an uninterrupted one, or extends it to more epochs.
    `after_epoch(epoch, history)` is called after an epoch, counted from 1, was evaluated and saved,
    and `after_step(step)` after each update; an exception that they raise ends the training,
    StopTraining without an error. `controls` may change the learning rate between two steps.

    Raises PlaygroundError if the device or precision is unavailable, the data does not hold images
    and their labels, or the checkpoint belongs to another run; Diverged if the loss becomes
    infinite or NaN.
    """
    started = time.perf_counter()
    check_whole("seed", seed, least=0, most=MAX_SEED)
    check_resumed(checkpoint, resume=resume)
    validation = check_training_data(X_train, y_train, X_val, y_val, CLASSES, check_pixels)
    if validation is None and configuration.patience is not None:
        raise PlaygroundError("patience needs validation images, but there are none")
    processor = choose_processor(device, configuration.precision)
    model.to(processor.device, memory_format=torch.channels_last)
    descent = ConvNetDescent(
        model,
        configuration,
        ImageBatches(X_train, y_train, configuration, processor.device),
        processor,
        controls,
        after_step,
    )
    evaluator = Evaluator(configuration, processor, X_train, y_train, validation)
    progress, file = TrainingProgress(), None
    if checkpoint is not None:
        file = Checkpoint(
            Path(checkpoint), identity(configuration, seed, X_train, y_train, *(validation or ()))
        )
        if resume:
            progress, before = file.load(model, descent.optimizer, descent.average)
            descent.controls.rate_factor = progress.rate_factor
            if verbose:
                print(
                    resumed(progress.epochs, before, configuration.epochs, configuration.schedule)
                )
                if not _is_over(progress, configuration):
                    print(EPOCH_TABLE)
    earlier = progress.seconds
    with suppress(StopTraining):
        while not _is_over(progress, configuration):
            progress.history.step_losses += descent.run_epoch(progress.epochs + 1, seed)
            evaluator.record(descent.evaluated, progress.history)
            check_finite(
                progress.history.train_losses[-1], progress.epochs, configuration.learning_rate
            )
            progress.keep_if_best(descent.evaluated)
            progress.seconds = earlier + time.perf_counter() - started
            progress.rate_factor = descent.controls.rate_factor
            if verbose:
                progress.history.print_last()
            if file:
                file.save(progress, model, descent.optimizer, descent.average)
            if after_epoch is not None:
                after_epoch(progress.epochs, progress.history)
    model.load_state_dict(progress.best_state or descent.evaluated.state_dict())
    return TrainingRun(progress.history, progress.best_epoch, progress.seconds)


def _is_over(progress: TrainingProgress, configuration: ConvConfiguration) -> bool:
    """Whether all epochs are done or early stopping applies."""
    patience = configuration.patience
    without_better = progress.epochs - progress.best_epoch
    return progress.epochs >= configuration.epochs or (
        patience is not None and without_better >= patience
    )


class ConvNetDescent:
    """The steps of a training run: gradients, learning rate, update."""

    def __init__(
        self,
        model: nn.Module,
        configuration: ConvConfiguration,
        batches: ImageBatches,
        processor: Processor,
        controls: Controls | None = None,
        after_step: AfterStep | None = None,
    ):
        self.model, self.configuration = model, configuration
        self.batches, self.processor = batches, processor
        self.controls, self.after_step = controls or Controls(), after_step
        self.schedule = SCHEDULES[configuration.schedule]
        # biases and the scales of normalisation layers are not decayed
        weights = [p for p in model.parameters() if p.ndim > 1]
        others = [p for p in model.parameters() if p.ndim <= 1]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": weights, "weight_decay": configuration.weight_decay},
                {"params": others, "weight_decay": 0.0},
            ],
            lr=configuration.learning_rate,
            fused=True,
        )
        self.average = (
            AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(configuration.averaging))
            if configuration.averaging
            else None
        )

    @property
    def evaluated(self) -> nn.Module:
        """The model that is evaluated and kept: the running mean of the weights, if there is one."""
        return self.model if self.average is None else self.average.module

    def run_epoch(self, epoch: int, seed: int) -> list[float]:
        """Makes one step per batch and returns their losses.

        All randomness is from seed and epoch. Raises Diverged.
        """
        steps = len(self.batches)
        rng = np.random.default_rng([seed, epoch])
        shown = utils.progress(self.batches.epoch(rng), description=f"epoch {epoch}", total=steps)
        self.model.train()
        with _drawing_from(rng, self.processor.device):
            losses = [
                self._step(X, y, epoch, steps * (epoch - 1) + i) for i, (X, y) in enumerate(shown)
            ]
            if self.average is not None:
                # the mean of the weights has other activations than the weights of any step
                update_bn(self.batches.first(MEASURED_IMAGES), self.average)
        found: list[float] = torch.stack(losses).tolist()
        check_finite(sum(found) / steps, epoch, self.configuration.learning_rate)
        return found

    def _step(self, X: torch.Tensor, y: torch.Tensor, epoch: int, number: int) -> torch.Tensor:
        """One step of AdamW on a batch; returns the loss on the device, without waiting for it.

        `number` counts the steps from 0, over all epochs.
        """
        configuration = self.configuration
        for group in self.optimizer.param_groups:
            group["lr"] = self.controls.rate_factor * self.schedule(
                number, len(self.batches) * configuration.epochs, configuration.learning_rate
            )
        self.optimizer.zero_grad()
        with self.processor.arithmetic():
            logits = self.model(X)
        loss = F.cross_entropy(logits.float(), y, label_smoothing=configuration.label_smoothing)
        loss.backward()
        self.optimizer.step()
        if self.average is not None:
            self.average.update_parameters(self.model)
        if self.after_step is not None:
            self._tell(self.after_step, number + 1, epoch, float(loss.detach()))
        return loss.detach()

    def _tell(self, after_step: AfterStep, number: int, epoch: int, loss: float) -> None:
        """Calls the callback; the gradients are still those of this step."""
        gradients = [p.grad for p in self.model.parameters() if p.grad is not None]
        norm = float(torch.nn.utils.get_total_norm(gradients))
        rate = float(self.optimizer.param_groups[0]["lr"])
        after_step(Step(number, epoch, loss, rate, norm))
        self.model.train()  # the callback may have evaluated the model


@contextmanager
def _drawing_from(rng: np.random.Generator, device: str) -> Iterator[None]:
    """Seeds torch's generators (dropout) from `rng` and restores them afterwards."""
    with torch.random.fork_rng(
        [] if device == "cpu" else [0], device_type="cuda" if device == "cpu" else device
    ):
        torch.manual_seed(int(rng.integers(2**63)))
        yield


class Evaluator:
    """The training and validation images that each epoch is evaluated on."""

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
        """Adds the model's current losses and accuracies to the curves."""
        train, val = (
            measure(model, self.configuration, *images, self.processor) if images else NOT_MEASURED
            for images in (self.training, self.validation)
        )
        history.record(train, val)
