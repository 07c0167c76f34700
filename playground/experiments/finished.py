"""Finished trainings of an experiment that is interrupted: the next run does not repeat them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from assignment.files import write_atomically
from playground.experiments.results import Trial, dump, plain, trial_from_json


class Answers(NamedTuple):
    """The most probable label of each test image `(n,)` for a network, and its probability `(n,)`."""

    labels: np.ndarray
    probabilities: np.ndarray

    @classmethod
    def of(cls, probabilities: np.ndarray) -> Answers:
        """The answers that follow from the probabilities of the classes `(n, k)`."""
        return cls(probabilities.argmax(axis=1), probabilities.max(axis=1).round(6))


class Finished(NamedTuple):
    """A training's record and its network's number of parameters, and its answers if kept."""

    trial: Trial
    parameters: int
    answers: Answers | None


@dataclass(frozen=True)
class FinishedTraining:
    """The file of one training; `identity` is all that its result depends on, but for the code."""

    folder: Path
    name: str
    seed: int
    identity: Mapping[str, Any]

    @property
    def path(self) -> Path:
        """Where the record is kept."""
        return self.folder / f"{re.sub('[^a-z0-9]+', '-', self.name.lower())}-{self.seed}.json"

    def read(self) -> Finished | None:
        """What was kept; None without a record of the same training."""
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            if content["identity"] != plain(self.identity):
                return None
            return Finished(
                trial_from_json(content["trial"]),
                int(content["parameters"]),
                self._answers(content.get("answers")),
            )
        except (OSError, ValueError, TypeError, LookupError):
            return None  # missing or damaged: the training is repeated

    def _answers(self, kept: Mapping[str, Any] | None) -> Answers | None:
        if kept is None:
            return None
        expected = (self.identity["images"]["test"],)
        answers = Answers(*(np.array(kept[name]) for name in Answers._fields))
        if any(values.shape != expected for values in answers):
            raise ValueError(f"answers of another shape, expected {expected}")
        return answers

    def write(self, finished: Finished) -> None:
        """Keeps the record. Raises OSError if it cannot be written."""
        self.folder.mkdir(parents=True, exist_ok=True)
        content = {
            "identity": self.identity,
            "parameters": finished.parameters,
            "trial": vars(finished.trial),
            "answers": finished.answers and finished.answers._asdict(),
        }
        write_atomically(self.path, dump(plain(content)).encode())
