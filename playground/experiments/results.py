"""Results of experiments: records that are saved as JSON and read back."""

from __future__ import annotations

import base64
import json
import math
import os
import platform
import re
import statistics
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from playground.errors import BadFile

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMAT = 1
MAX_BYTES = 1 << 24  # of a result; typical ones have some hundred thousand
CURVES = ("train_losses", "val_losses", "train_accuracies", "val_accuracies", "seconds")


@dataclass(frozen=True)
class Trial:
    """One training with one seed. Each curve in `history` has one value per epoch.

    `correct` tells which test images were classified correctly (see `pack`); `step_losses` are the
    training losses of the steps, averaged over each twentieth of an epoch. Both are empty in
    results of older versions.
    """

    seed: int
    test_loss: float
    test_accuracy: float
    seconds: float
    history: Mapping[str, tuple[float, ...]]
    correct: str = ""
    step_losses: tuple[float, ...] = ()


@dataclass(frozen=True)
class Finding:
    """What an experiment found: two or three short sentences, then the details one by one.

    >>> print(Finding("nadam is ahead.", ("adam: 0.20 points below", "sgd: 1.61 points below")))
    nadam is ahead.
    - adam: 0.20 points below
    - sgd: 1.61 points below
    """

    summary: str = ""
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([self.summary, *(f"- {detail}" for detail in self.details)])


@dataclass(frozen=True)
class SeedSpread:
    """Values with their mean and sample standard deviation, which is NaN for a single value.

    >>> SeedSpread((0.89, 0.91)).mean, round(SeedSpread((0.89, 0.91)).deviation, 4)
    (0.9, 0.0141)
    """

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return statistics.fmean(self.values)

    @property
    def deviation(self) -> float:
        return statistics.stdev(self.values) if len(self.values) > 1 else math.nan

    def to_json(self) -> dict[str, Any]:
        return {"mean": self.mean, "deviation": self.deviation, "values": self.values}


@dataclass(frozen=True)
class Variant:
    """One of the compared networks: configuration, one trial per seed, and further measurements."""

    name: str
    configuration: Mapping[str, Any]
    parameters: int
    trials: tuple[Trial, ...]
    measures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def test_accuracy(self) -> SeedSpread:
        return SeedSpread(tuple(trial.test_accuracy for trial in self.trials))

    @property
    def test_loss(self) -> SeedSpread:
        return SeedSpread(tuple(trial.test_loss for trial in self.trials))

    @property
    def seconds(self) -> SeedSpread:
        return SeedSpread(tuple(trial.seconds for trial in self.trials))

    @property
    def quickest(self) -> Trial:
        """The trial whose seconds are reported: whatever else a computer does only adds to them."""
        return min(self.trials, key=lambda trial: trial.seconds)

    def curve(self, name: str) -> list[tuple[float, ...]]:
        """One of the learning curves, for each trial."""
        return [trial.history[name] for trial in self.trials]

    def final(self, curve: str) -> SeedSpread:
        """The last value of a learning curve."""
        return SeedSpread(tuple(trial.history[curve][-1] for trial in self.trials))


@dataclass(frozen=True)
class Result:
    """The result of an experiment. Figures and further files are saved beside the JSON."""

    experiment: str
    variants: tuple[Variant, ...]
    images: Mapping[str, int]
    finding: Finding = Finding()
    quick: bool = False
    device: str = "cpu"
    seconds: float = 0.0
    measures: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, Any] = field(default_factory=lambda: versions())
    figures: Mapping[str, Figure] = field(default_factory=dict, compare=False, repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, compare=False, repr=False)

    def variant(self, name: str) -> Variant:
        return next(variant for variant in self.variants if variant.name == name)

    @property
    def seeds(self) -> int:
        """The number of seeds."""
        return max((len(variant.trials) for variant in self.variants), default=0)


def pack(correct: np.ndarray) -> str:
    """Booleans `(n,)`, one bit each, as base64 text: 10,000 take 1.7 kB.

    >>> pack(np.array([True, False, True]))
    'oA=='
    """
    return base64.b64encode(np.packbits(correct).tobytes()).decode()


def unpack(text: str) -> np.ndarray:
    """The booleans of `pack`, with up to seven False at the end to fill the last byte."""
    content = np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
    return np.unpackbits(content).astype(bool)


def versions() -> dict[str, Any]:
    """The environment: Python, loaded packages, the machine and settings that affect speed."""
    packages = {
        "numpy": "numpy",
        "torch": "torch",
        "scikit-learn": "sklearn",
        "matplotlib": "matplotlib",
    }
    loaded = {
        name: metadata.version(name) for name, module in packages.items() if module in sys.modules
    }
    speed = {
        name: os.environ[name]
        for name in ("OMP_NUM_THREADS", "OPENBLAS_CORETYPE")
        if name in os.environ
    }
    machine = {"machine": platform.machine(), "cores": os.cpu_count(), **speed}
    return {"python": platform.python_version(), **loaded, **machine}


def variant_to_json(variant: Variant) -> dict[str, Any]:
    """A variant with its means and deviations, which are for readers: `read` recomputes them."""
    return {
        "name": variant.name,
        "parameters": variant.parameters,
        "test_accuracy": variant.test_accuracy.to_json(),
        "test_loss": variant.test_loss.to_json(),
        "seconds": variant.seconds.to_json(),
        "configuration": variant.configuration,
        "measures": variant.measures,
        "trials": [vars(trial) for trial in variant.trials],
    }


def to_json(result: Result) -> str:
    """The result as JSON text for `from_json`."""
    names = (
        "experiment",
        "finding",
        "quick",
        "images",
        "device",
        "seconds",
        "versions",
        "measures",
    )
    content = {"format": FORMAT, **{name: getattr(result, name) for name in names}}
    content["finding"] = vars(result.finding)
    return dump({**content, "variants": [variant_to_json(variant) for variant in result.variants]})


def dump(content: Mapping[str, Any]) -> str:
    """Readable JSON: lists of numbers on one line, null for NaN and infinity."""
    text = json.dumps(plain(content), indent=2, ensure_ascii=False, allow_nan=False)
    on_one_line = re.sub(
        r"\[\n([^\[\]{}\"]*?)\n *\]", lambda found: f"[{' '.join(found[1].split())}]", text
    )
    return on_one_line + "\n"


def plain(value: Any) -> Any:
    """The value in JSON's types: lists for tuples and arrays, plain numbers for NumPy's."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(name): plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def read(path: Path) -> Result:
    """The result in a file. Raises BadFile if it is missing, damaged or not a result."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"{path.stat().st_size} bytes, expected at most {MAX_BYTES}")
        return from_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadFile(
            f"{path} cannot be read ({error.strerror or error}), expected a result"
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BadFile(
            f"{path} is not the result of an experiment ({reason}): fix or remove it"
        ) from None


def from_json(text: str) -> Result:
    """The result in a text from `to_json`. Raises ValueError, TypeError or KeyError otherwise."""
    content = dict(json.loads(text))
    if content["format"] != FORMAT:
        raise ValueError(f"its format is {content['format']!r}, expected {FORMAT}")
    return Result(
        experiment=_text(content["experiment"]),
        finding=_finding(content["finding"]),
        quick=bool(content["quick"]),
        images={name: int(number) for name, number in dict(content["images"]).items()},
        device=_text(content["device"]),
        seconds=float(content["seconds"]),
        versions=dict(content["versions"]),
        measures=dict(content["measures"]),
        variants=tuple(_variant(entry) for entry in content["variants"]),
    )


def _finding(entry: Any) -> Finding:
    if isinstance(entry, str):  # written by an older version
        return Finding(entry)
    return Finding(_text(entry["summary"]), tuple(map(_text, entry["details"])))


def _variant(entry: Mapping[str, Any]) -> Variant:
    return Variant(
        name=_text(entry["name"]),
        configuration=dict(entry["configuration"]),
        parameters=int(entry["parameters"]),
        trials=tuple(trial_from_json(trial) for trial in entry["trials"]),
        measures=dict(entry["measures"]),
    )


def trial_from_json(entry: Mapping[str, Any]) -> Trial:
    history = {name: tuple(map(_number, entry["history"][name])) for name in CURVES}
    return Trial(
        seed=int(entry["seed"]),
        test_loss=_number(entry["test_loss"]),
        test_accuracy=_number(entry["test_accuracy"]),
        seconds=_number(entry["seconds"]),
        history=history,
        correct=_packed(entry.get("correct", "")),
        step_losses=tuple(map(_number, entry.get("step_losses", ()))),
    )


def _packed(text: Any) -> str:
    unpack(_text(text))
    return str(text)


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} found, expected text")
    return value
