"""The three parts: what each script must define, and the test accuracy it must reach."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

JUDGEMENTS = ("underfitting", "overfitting", "generalizing")

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Part:
    """One of the three scripts: what it must define, the shape of an image, and what comes after it."""

    number: int
    name: str
    title: str
    class_name: str
    image_shape: tuple[int, ...]
    next_step: str

    @property
    def plot_file(self) -> str:
        """The name of the learning-curve plot that the script writes."""
        return f"{self.name}_train_val_metrics.png"

    @cached_property
    def bar(self) -> float:
        """The test accuracy to reach, as the rubric has it."""
        return next(
            float(section["bar"])
            for section in _sections()
            if "bar" in section and section["number"].startswith(f"{self.number}.")
        )


def _sections() -> list[dict[str, Any]]:
    """The sections of the rubric, which lies in one of the project's folders: bars are written there alone."""
    own = PROJECT / "assignment" / "rubric.toml"  # an extract, in the handout
    path = own if own.is_file() else next(PROJECT.glob("*/rubric.toml"), own)
    with path.open("rb") as stream:
        sections: list[dict[str, Any]] = tomllib.load(stream)["section"]
    return sections


PARTS = {
    part.name: part
    for part in (
        Part(
            1, "numpy_ann", "Part 1: a two-layer network in NumPy", "NumpyANN", (784,),
            "part 2, pytorch_ann.py",
        ),
        Part(
            2, "pytorch_ann", "Part 2: a fully connected network in PyTorch", "PyTorchANN", (784,),
            "part 3, pytorch_cnn.py",
        ),
        Part(
            3, "pytorch_cnn", "Part 3: a convolutional network in PyTorch", "PyTorchCNN", (1, 28, 28),
            "python utils.py --checklist, which packs submission.zip",
        ),
    )
}  # fmt: skip
