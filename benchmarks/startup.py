"""Section 6: start-up time and imports of each command, and loading the data."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

import utils
from assignment.data import IDX_FILES, read_idx
from benchmarks.records import BenchmarkSection, BenchmarkSettings, Goal, ResultTable, Spread
from benchmarks.timing import ROOT, environment, interleave, run_command
from grader.handout.stubs import reference_source, solved
from grader.sections import SCRIPTS
from playground import datasets

CHECK = "numpy_ann.py --check"
COMMANDS = (
    "-c pass",
    "-c 'import numpy'",
    "-c 'import torch'",
    *(f"{script}.py --help" for script in SCRIPTS),
    *(f"{script}.py --check" for script in SCRIPTS),
    "utils.py --help",
    "-m grader --help",
    "-m grader grade --help",
    "-m grader batch --help",
    "-m grader report --help",
    "-m grader doctor --help",
    "-m playground --help",
    "-m playground train --help",
)
NOTES = (
    "The seconds of a command are those of its whole process, from start to exit. The scripts "
    "are those of the reference solution, so that every check runs. Imports are measured with "
    "`python -X importtime`.",
    "The scripts of parts 2 and 3 import PyTorch, which takes most of their time.",
    "Loading: seconds until Fashion-MNIST is available. The gzip files are unpacked once into "
    "the same folder; later the unpacked files are memory-mapped and their checksums verified. "
    "The files are in the system's cache.",
)


def measure(settings: BenchmarkSettings) -> BenchmarkSection:
    """Measures the start-up and imports of every command, then loading the data."""
    commands = ("-c pass", CHECK) if settings.quick else COMMANDS
    with tempfile.TemporaryDirectory() as folder:
        workplace = write_workplace(Path(folder))
        started = interleave(
            {command: partial(_start, command, workplace) for command in commands}, settings.repeats
        )
        rows = [
            (f"`python {command}`", started[command], *_imports(command, workplace))
            for command in commands
        ]
        loading = _loading(Path(folder, "cold"), settings.repeats)
    tables = [
        ResultTable("Commands", ("", "seconds", "modules imported", "longest imports, ms"), rows),
        ResultTable("Loading", ("", "seconds"), list(loading.items())),
    ]
    return BenchmarkSection(
        "Start-up",
        tables,
        [Goal(f"`python {CHECK}`", started[CHECK], at_most=1.0, unit=" s")],
        NOTES,
    )


def write_workplace(folder: Path) -> Path:
    """Creates a student's folder with the three finished scripts and a link to the data."""
    for script in SCRIPTS:
        (folder / f"{script}.py").write_text(
            solved(reference_source(script), f"{script}.py"), encoding="utf-8"
        )
    shutil.copy(ROOT / "utils.py", folder)
    (folder / "data").symlink_to(ROOT / "data")
    return folder


def _words(command: str) -> list[str]:
    """The arguments of a command; everything after `-c` is one argument."""
    return ["-c", command[3:].strip("'")] if command.startswith("-c ") else command.split()


def _start(command: str, folder: Path) -> float:
    return run_command(_words(command), cwd=folder, env=environment()).wall


def _imports(command: str, folder: Path) -> tuple[int, str]:
    """The number of imported modules, and the three packages that take longest to import."""
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", *_words(command)],
        cwd=folder,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    found = re.findall(r"^import time:\s+(\d+) \|\s+\d+ \| +(\S+)$", ran.stderr, re.MULTILINE)
    own: dict[str, int] = defaultdict(int)
    for microseconds, module in found:
        own[module.split(".")[0]] += int(microseconds)
    longest = sorted(own, key=lambda package: -own[package])[:3]
    return len(found), ", ".join(f"{package} {own[package] / 1000:.0f}" for package in longest)


def _loading(folder: Path, repeats: int) -> dict[str, Spread]:
    raw = folder / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for packed in (ROOT / "data/FashionMNIST/raw").glob("*.gz"):
        shutil.copy(packed, raw)

    def cold() -> None:
        for unpacked in raw.glob("*-ubyte"):
            unpacked.unlink()

    images = IDX_FILES["FashionMNIST"][0]
    ways: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "training images, gzip, unpacked for the first time": (
            cold,
            lambda: read_idx(images, folder),
        ),
        "training images, mapped and checked": (bool, lambda: read_idx(images, folder)),
        "training images, mapped unchecked": (
            bool,
            lambda: np.memmap(raw / images.name, np.uint8, mode="r"),
        ),
        "`utils.load_fashion_mnist`, all images as float32": (
            bool,
            lambda: utils.load_fashion_mnist(folder),
        ),
        "`playground.datasets.load`, pixels as they are": (
            bool,
            lambda: datasets.load("fashion-mnist", folder),
        ),
    }
    utils.load_fashion_mnist(folder)
    return {
        name: Spread(tuple(_seconds(*way) for _ in range(repeats))) for name, way in ways.items()
    }


def _seconds(prepare: Callable[[], object], load: Callable[[], object]) -> float:
    prepare()
    started = time.perf_counter()
    load()
    return time.perf_counter() - started
