"""The three parts: what each script must define, and the test accuracy that it must reach."""

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
    """One of the three scripts: what it must define, the shape of an image, and the next step."""

    number: int
    name: str
    title: str
    class_name: str
    image_shape: tuple[int, ...]
    next_step: str

    @property
    def plot_file(self) -> str:
        """The name of the plot of learning curves that the script writes."""
        return f"{self.name}_train_val_metrics.png"

    @cached_property
    def bar(self) -> float:
        """The test accuracy to reach, from the rubric."""
        return next(
            float(section["bar"])
            for section in _sections()
            if "bar" in section and section["number"].startswith(f"{self.number}.")
        )


def points() -> dict[str, float]:
    """The points of each section, by number."""
    return {section["number"]: float(section["points"]) for section in _sections()}


def _sections() -> list[dict[str, Any]]:
    """The sections of rubric.toml, which is in one of the project's folders and holds the bars."""
    own = PROJECT / "assignment" / "rubric.toml"  # in the handout: an extract
    path = own if own.is_file() else next(PROJECT.glob("*/rubric.toml"), own)
    with path.open("rb") as stream:
        sections: list[dict[str, Any]] = tomllib.load(stream)["section"]
    return sections


PARTS = {
    part.name: part
    for part in (
        Part(
            number=1,
            name="numpy_ann",
            title="Part 1: a two-layer network in NumPy",
            class_name="NumpyANN",
            image_shape=(784,),
            next_step="part 2, pytorch_ann.py",
        ),
        Part(
            number=2,
            name="pytorch_ann",
            title="Part 2: a fully connected network in PyTorch",
            class_name="PyTorchANN",
            image_shape=(784,),
            next_step="part 3, pytorch_cnn.py",
        ),
        Part(
            number=3,
            name="pytorch_cnn",
            title="Part 3: a convolutional network in PyTorch",
            class_name="PyTorchCNN",
            image_shape=(1, 28, 28),
            next_step="python utils.py --checklist, which packs submission.zip",
        ),
    )
}
