"""The three parts: what each script must define, and the test accuracy that it must reach."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from assignment.imports import Rule

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
    functions: tuple[str, ...] = ()  # that its sections ask for, besides the class

    @property
    def plot_file(self) -> str:
        """The name of the plot of learning curves that the script writes."""
        return f"{self.name}_train_val_metrics.png"

    @property
    def needed(self) -> tuple[str, ...]:
        """The names that sections and training ask for."""
        size = () if self.name == "pytorch_cnn" else ("HIDDEN_SIZE",)
        judgement = () if self.name == "numpy_ann" else ("JUDGEMENT",)
        constants = ("EPOCHS", "BATCH_SIZE", "LEARNING_RATE")
        return (*self.functions, self.class_name, *size, *constants, *judgement)

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


def section_hints() -> dict[str, tuple[str, tuple[str, ...]]]:
    """The title and the hints of each section, by number."""
    return {
        section["number"]: (section["title"], tuple(" ".join(h.split()) for h in section["hints"]))
        for section in _sections()
    }


def _sections() -> list[dict[str, Any]]:
    """The sections of the rubric, which hold the bars."""
    sections: list[dict[str, Any]] = _rubric()["section"]
    return sections


@cache
def _rubric() -> dict[str, Any]:
    """rubric.toml, which is in one of the project's folders; an extract of it in the handout."""
    own = PROJECT / "assignment" / "rubric.toml"
    path = own if own.is_file() else next(PROJECT.glob("*/rubric.toml"), own)
    with path.open("rb") as stream:
        return tomllib.load(stream)


def import_rule(name: str, *, notebook: bool = False) -> Rule:
    """What a script may import."""
    imports = _rubric()["imports"]
    return Rule(
        tuple(imports[name]), tuple(imports["forbidden"]), PARTS[name].needed, notebook=notebook
    )


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
            functions=("softmax", "relu", "relu_derivative", "cross_entropy"),
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
