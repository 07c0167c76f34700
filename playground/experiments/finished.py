"""Finished trainings of an experiment that is interrupted: the next run does not repeat them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assignment.files import write_atomically
from playground.experiments.results import Trial, dump, plain, trial_from_json


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

    def read(self) -> tuple[Trial, int] | None:
        """The trial and its number of parameters; None without a record of the same training."""
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            if content["identity"] != plain(self.identity):
                return None
            return trial_from_json(content["trial"]), int(content["parameters"])
        except (OSError, ValueError, TypeError, LookupError):
            return None  # missing or damaged: the training is repeated

    def write(self, trial: Trial, parameters: int) -> None:
        """Keeps the record. Raises OSError if it cannot be written."""
        self.folder.mkdir(parents=True, exist_ok=True)
        content = {"identity": self.identity, "parameters": parameters, "trial": vars(trial)}
        write_atomically(self.path, dump(content).encode())
