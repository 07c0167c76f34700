"""Follows a training run: its hooks write down what happens, and pages read it."""

from __future__ import annotations

import base64
import math
import time
from collections.abc import Sequence
from threading import Condition
from typing import Any, TypeVar

import numpy as np

from playground.history import History
from playground.live.controls import LiveControls
from playground.live.looks import Look, Sample, Subject
from playground.live.series import Series, smoothing_for
from playground.training import Step

LOOK_INTERVAL = 0.4  # seconds: as often as an eye can follow
LOOK_SHARE = 0.05  # of the time of the training, at most, goes into looks
MAX_DOTS = 400  # of the curves that have no point for each step
T = TypeVar("T")


class Recorder:
    """The state of a training with this number of steps.

    The training thread writes it, and the server's threads read it.
    """

    def __init__(self, subject: Subject, sample: Sample, controls: LiveControls, steps: int):
        self.subject, self.sample, self.controls = subject, sample, controls
        self.series = Series(smoothing=smoothing_for(steps))
        self.validation: list[tuple[int, float | None, float | None]] = []
        self.dead: list[tuple[int, tuple[float, ...]]] = []
        self.log: list[tuple[int, str]] = []
        self.step = Step(0, 1, math.nan)
        self.look: dict[str, Any] = {}
        self.ended = ""  # how, once the training has ended
        self._version, self._next_look, self._is_held = 0, 0.0, False
        self._news = Condition()

    def after_step(self, step: Step) -> None:
        """The hook of a step; waits while the page pauses. Raises StopTraining to end."""
        with self._news:
            self.step = step
            self.series.add(step.loss, step.gradient_norm)
        if self.controls.paused:
            self._hold()
        else:
            self._look_if_due()
        self.controls.wait()

    def after_epoch(self, epoch: int, history: History) -> None:
        """The hook of an epoch: its validation loss and accuracy."""
        scores = history.val_losses[-1], history.val_accuracies[-1]
        with self._news:
            self.validation.append((self.step.number, _finite(scores[0]), _finite(scores[1])))
            self.validation = _thinned(self.validation)
        self._look_if_due()

    def _hold(self) -> None:
        """Shows the network as it is while the page pauses, and waits."""
        self.take_look(held=True)
        try:
            self.controls.wait()
        finally:
            with self._news:
                self._is_held = False
                self._tell()

    def _look_if_due(self) -> None:
        if time.perf_counter() >= self._next_look:
            self.take_look()

    def take_look(self, held: bool = False) -> None:
        """Looks at the network, and lets the pages know, also that the training is held."""
        started = time.perf_counter()
        with np.errstate(all="ignore"):  # weights may have become infinite or NaN
            look = self.subject.look(self.sample)
            packed = _packed(look)
        now = time.perf_counter()
        self._next_look = now + max(LOOK_INTERVAL, (now - started) / LOOK_SHARE)
        with self._news:
            # only now: a page that says "paused" shows what the network then is, and goes on so
            self.look, self._is_held = packed, held
            self.dead.append((self.step.number, look.dead_shares))
            self.dead = _thinned(self.dead)
            self._tell()

    def obey(self, command: object) -> None:
        """Hands a message of the page to the controls. Raises PlaygroundError."""
        done = self.controls.obey(command)
        with self._news:
            self.log.append((self.step.number, done))
            self._tell()

    def finish(self, message: str) -> None:
        """The training has ended; the message says how."""
        self.take_look()
        with self._news:
            self.ended = message
            self._tell()

    def wait_for_news(self, version: int, timeout: float) -> tuple[int, dict[str, Any]]:
        """A version after this one, or the same one after some seconds, and the state as JSON."""
        with self._news:
            self._news.wait_for(lambda: self._version > version, timeout)
            return self._version, self._state()

    def _tell(self) -> None:
        self._version += 1
        self._news.notify_all()

    def _state(self) -> dict[str, Any]:
        series = self.series
        return {
            "step": self.step.number,
            "epoch": self.step.epoch,
            "rate": _finite(self.step.learning_rate),
            "factor": self.controls.rate_factor,
            "paused": self._is_held,
            "stopped": self.controls.stopped,
            "ended": self.ended,
            "stride": series.stride,
            "losses": _short(series.losses),
            "smooth": _short(series.smooth),
            "norms": _short(series.norms),
            "validation": list(self.validation),
            "dead": list(self.dead),
            "log": list(self.log),
            "look": self.look,
        }


def _packed(look: Look) -> dict[str, Any]:
    """A look as JSON; the filters as signed bytes, of which 127 is the largest usual weight."""
    filters = np.nan_to_num(look.filters)
    largest = float(np.quantile(np.abs(filters), 0.999)) if filters.size else 0.0
    scaled = np.clip(np.rint(filters * (127 / (largest or 1.0))), -127, 127).astype(np.int8)
    answers = look.probabilities.argmax(axis=1)
    return {
        "side": look.filters.shape[-1],
        "filters": base64.b64encode(scaled.tobytes()).decode(),
        "dead": look.dead.tolist(),
        "answers": answers.tolist(),
        "sureness": _short(look.probabilities.max(axis=1).tolist()),
    }


def _thinned(points: list[T]) -> list[T]:
    """The points; every other one if there are too many."""
    return points[1::2] if len(points) == MAX_DOTS else points


def _short(values: Sequence[float]) -> list[float | None]:
    """Numbers with four digits, which is more than a chart shows."""
    return [_finite(float(f"{value:.4g}")) for value in values]


def _finite(value: float) -> float | None:
    """The number, or None, because JSON has no infinity or NaN."""
    return value if math.isfinite(value) else None
