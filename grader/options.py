"""The options of a marking, as a record."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """How to mark.

    `seed` and `attempt` determine the hidden inputs and the training: the first attempts of a class
    are marked alike, and what a student's feedback tells of them is of no use for the next attempt.
    `device` is resolved, never "auto". `sandbox` is one of sandbox.levels.CHOICES.
    """

    seed: int
    device: str = "cpu"
    only: tuple[str, ...] = ()
    skip_training: bool = False
    audit: bool = False
    train_size: int | None = None
    data_dir: Path | None = None
    sandbox: str = "auto"
    attempt: int = 1

    @property
    def drawn_from(self) -> int:
        """The seed of this attempt's hidden inputs and training; of the first, `seed` itself."""
        if self.attempt == 1:
            return self.seed
        text = f"attempt {self.attempt} of {self.seed}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6])
