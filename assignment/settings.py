"""The options of a script, and the settings of the run that they and its constants give."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from assignment.constants import constant_failure
from assignment.data import DATA_VARIABLE
from assignment.parts import Part
from assignment.show_hint import sections_with_hints

CONSTANTS = {"epochs": "EPOCHS", "batch_size": "BATCH_SIZE", "learning_rate": "LEARNING_RATE"}
DEVICES = ("auto", "cpu", "cuda", "mps")
ALL_IMAGES = 54_000  # for training; 6,000 more are for validation


@dataclass(frozen=True)
class Settings:
    """How a run trains. `changed` holds what differs from the script as marking will run it."""

    epochs: int
    batch_size: int
    learning_rate: float | None  # None where the script has no such constant
    seed: int
    train_size: int | None
    device: str
    data_dir: Path | None
    verbose: bool
    changed: dict[str, Any]

    @property
    def options(self) -> str:
        """The options that differ, as they are typed."""
        return " ".join(f"{_option(name)} {value}" for name, value in self.changed.items())

    @property
    def to_write(self) -> str:
        """Those that the script can keep: "write --epochs 3 into the script (EPOCHS = 3)"."""
        kept = {name: value for name, value in self.changed.items() if name in CONSTANTS}
        if not kept:
            return ""
        options = " ".join(f"{_option(name)} {value}" for name, value in kept.items())
        lines = ", ".join(f"{CONSTANTS[name]} = {value}" for name, value in kept.items())
        return f"write {options} into the script ({lines})"


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def settings_of(options: argparse.Namespace, module: ModuleType) -> Settings:
    """The settings of a run of a script whose constants are valid."""
    own: dict[str, Any] = {
        name: getattr(module, constant, None) for name, constant in CONSTANTS.items()
    }
    given: dict[str, Any] = {name: getattr(options, name) for name in CONSTANTS}
    changed = {
        name: value for name, value in given.items() if value is not None and value != own[name]
    }
    if options.train_size not in (None, ALL_IMAGES):
        changed["train_size"] = options.train_size
    used: dict[str, Any] = own | {name: value for name, value in given.items() if value is not None}
    return Settings(
        **used,
        seed=options.seed,
        train_size=options.train_size,
        device=options.device,
        data_dir=options.data_dir,
        verbose=options.verbose,
        changed=changed,
    )


def parse_options(
    part: Part, module: ModuleType, arguments: list[str] | None
) -> argparse.Namespace:
    """The options as they were given, None for those that were not."""
    parser = argparse.ArgumentParser(
        prog=f"{part.name}.py", description=f"{part.title}: check, train, test, plot."
    )
    parser.add_argument("--check", action="store_true", help="check the sections without training")
    parser.add_argument(
        "--hint",
        nargs="?",
        const="",
        type=_section_of(part),
        metavar="SECTION",
        help="show a hint for the first section that fails, or for this one; one more each time",
    )
    _add_constant(parser, module, "epochs", int, "N", "passes over the training images")
    _add_constant(parser, module, "batch_size", int, "N", "images per step")
    _add_constant(parser, module, "learning_rate", float, "X", "length of a step")
    parser.add_argument(
        "--seed",
        type=_seed,
        default=0,
        metavar="N",
        help="for the initial weights and the shuffling (default: 0)",
    )
    parser.add_argument(
        "--train-size",
        type=_positive(int),
        metavar="N",
        help=f"train on fewer images for a quick try (default: {ALL_IMAGES})",
    )
    parser.add_argument(
        "--device",
        type=_device,
        default="auto",
        help="auto, cpu, cuda or mps (default: auto; part 1 always uses the CPU)",
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help=f"the folder that holds FashionMNIST/raw (default: ${DATA_VARIABLE}, else data/)",
    )
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="show every line that led to an error, and all that your code prints in the checks",
    )
    return parser.parse_args(arguments)


def _add_constant(
    parser: argparse.ArgumentParser,
    module: ModuleType,
    name: str,
    kind: type[int] | type[float],
    metavar: str,
    meaning: str,
) -> None:
    constant = CONSTANTS[name]
    own = repr(getattr(module, constant, "missing"))[:20].replace("%", "%%")
    parser.add_argument(
        _option(name),
        type=_positive(kind, constant),
        metavar=metavar,
        help=f"{meaning} (default: {constant} of the script, {own})",
    )


def _section_of(part: Part) -> Callable[[str], str]:
    def parse(text: str) -> str:
        numbers = sections_with_hints(part)
        if text and text not in numbers:  # "": the option stands alone
            raise argparse.ArgumentTypeError(
                f"{part.name}.py has no section {text!r}, expected one of {', '.join(numbers)}"
            )
        return text

    return parse


def _device(text: str) -> str:
    if text not in DEVICES:
        raise argparse.ArgumentTypeError(f"device is {text!r}, expected auto, cpu, cuda or mps")
    return text


def _seed(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative, expected 0 or more")
    return value


def _positive(kind: type[int] | type[float], constant: str = "") -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            what = "whole number" if kind is int else "number"
            raise argparse.ArgumentTypeError(
                f"{text!r} is no {what}, expected one above 0"
            ) from None
        if not value > 0:
            raise argparse.ArgumentTypeError(f"{text} is not positive, expected a number above 0")
        if constant and (failure := constant_failure(constant, value)):
            raise argparse.ArgumentTypeError(str(failure))
        return value

    return parse
