"""Check the options of a marking: a wrong one ends the command with one line, before marking."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grader.errors import CannotGrade
from grader.options import Options
from grader.rubric import Rubric

MOST_IMAGES = 54_000


def read_options(
    given: Callable[[str], Any], rubric: Rubric, *, seed: int | None = None, elsewhere: bool = False
) -> Options:
    """The options, read by name with `given`. Raises CannotGrade for an invalid value.

    `seed` is the default seed; None draws a fresh one. `elsewhere` says that training runs on other
    machines, whose devices and data cannot be checked from here.
    """
    only = [number.strip() for entry in given("only") or () for number in entry.split(",")]
    rubric.select(only, skip_training=False)
    data_dir = given("data_dir")
    options = Options(
        seed=_seed(given("seed"), seed),
        device=_device(given("device") or "auto", elsewhere=elsewhere),
        only=tuple(only),
        skip_training=given("skip_training"),
        audit=given("audit"),
        train_size=None
        if given("train_size") is None
        else whole_number("--train-size", given("train_size"), 1, MOST_IMAGES),
        data_dir=Path(data_dir).resolve() if data_dir else None,
        sandbox=given("sandbox") or "auto",
        attempt=1
        if given("attempt") is None
        else whole_number("--attempt", given("attempt"), 1, 10**6),
    )
    if not elsewhere and any(
        section.training for section in rubric.select(only, options.skip_training)
    ):
        expect_data(options.data_dir)
    return options


def _seed(given: str | None, otherwise: int | None) -> int:
    if given is not None:
        return whole_number("--seed", given, 0, 2**63)
    # the perturbation of the data depends on it: 48 bits are too many to try
    return secrets.randbits(48) if otherwise is None else otherwise


def whole_number(option: str, text: str, low: int, high: int) -> int:
    """The number that an option says. Raises CannotGrade if it is none from `low` to `high`."""
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise CannotGrade(f"{option} is {text!r}, expected a whole number from {low} to {high}")
    return value


def jobs_or(given: str | None, otherwise: int) -> int:
    """What `--jobs` says, or `otherwise` where it is not given. Raises CannotGrade."""
    return otherwise if given is None else whole_number("--jobs", given, 1, 1000)


def _device(name: str, *, elsewhere: bool) -> str:
    """The device to train on.

    Importing torch takes a second, so that is done only if there may be an accelerator.
    """
    signs = [Path("/dev/nvidiactl"), Path("/dev/dxg"), Path("/dev/kfd")]
    if name not in ("auto", "cpu", "cuda", "mps"):
        raise CannotGrade(f"--device is {name!r}, expected auto, cpu, cuda or mps")
    if elsewhere:
        return "cpu" if name == "auto" else name
    if name == "cpu" or (
        name == "auto" and sys.platform == "linux" and not any(sign.exists() for sign in signs)
    ):
        return "cpu"
    import utils

    try:
        return utils.choose_device(name)
    except (ValueError, ImportError) as error:
        raise CannotGrade(str(error)) from None


def expect_data(data_dir: Path | None) -> None:
    """Raises CannotGrade if the official images cannot be read."""
    from assignment.data import IDX_FILES, DataError, read_idx  # imports NumPy

    try:
        for file in IDX_FILES["FashionMNIST"]:
            read_idx(file, data_dir)
    except DataError as error:
        raise CannotGrade(str(error)) from None


def expect_images(data_dir: Path | None) -> None:
    """Say on standard error if the default folder has no official images, for pages without them.

    Raises CannotGrade if a folder was given and they cannot be read there.
    """
    try:
        expect_data(data_dir)
    except CannotGrade as error:
        if data_dir is not None:
            raise
        print(f"note: the pages show no test images: {error}", file=sys.stderr)


def expect_writable(file: Path) -> None:
    """Raises CannotGrade if a file that is written at the end cannot be: asked before the work."""
    from assignment.files import can_be_written

    if not can_be_written(file):
        raise CannotGrade(
            f"{file} cannot be written, expected a file in an existing, writable folder"
        )
