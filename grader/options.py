"""The options of a marking: as records, and as arguments of pytest and of `grader grade` alike."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

SANDBOX_HELP = "bubblewrap, user, none or auto (default: auto)"

# name, settings of argparse; values are checked by commands/settings.py, where a wrong one ends with status 2
OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "--device",
        {
            "metavar": "NAME",
            "help": "auto, cpu, cuda or mps, for the training of parts 2 and 3 (default: auto)",
        },
    ),
    (
        "--only",
        {
            "metavar": "NUMBER",
            "action": "append",
            "help": "mark this section alone; may be repeated",
        },
    ),
    (
        "--skip-training",
        {"action": "store_true", "help": "leave out the training sections and their points"},
    ),
    (
        "--audit",
        {
            "action": "store_true",
            "help": "train the two fully connected networks once more, with the pixels permuted",
        },
    ),
    (
        "--train-size",
        {"metavar": "N", "help": "train on fewer images, for a quick try (default: 54000)"},
    ),
    (
        "--seed",
        {
            "metavar": "N",
            "help": "of hidden inputs and training (default: a fresh one, which is printed)",
        },
    ),
    (
        "--sandbox",
        {
            "metavar": "LEVEL",
            "help": "bubblewrap, user, none or auto: the best that this machine has (default: auto)",
        },
    ),
    (
        "--data-dir",
        {"metavar": "DIR", "help": "folder that holds FashionMNIST/raw (default: data/)"},
    ),
    ("--results", {"metavar": "FILE", "help": "write results.json (Gradescope's format) here"}),
    ("--html", {"metavar": "FILE", "dest": "html_report", "help": "write an HTML report here"}),
)


@dataclass(frozen=True)
class Options:
    """How to mark. `seed` draws the hidden inputs and starts the training; `device` is resolved, never "auto".

    `sandbox` is one of sandbox.CHOICES.
    """

    seed: int
    device: str = "cpu"
    only: tuple[str, ...] = ()
    skip_training: bool = False
    audit: bool = False
    train_size: int | None = None
    data_dir: Path | None = None
    sandbox: str = "auto"


class _Parser(Protocol):
    def getgroup(self, name: str) -> Any: ...


def add_options(parser: _Parser) -> None:
    """Give pytest the options, and `--submission`."""
    group = parser.getgroup("grader")
    group.addoption(
        "--submission",
        default=".",
        metavar="PATH",
        help="folder, .zip, .tar.gz or .tgz (default: here)",
    )
    for name, settings in OPTIONS:
        group.addoption(name, **settings)


def interrupt(number: int, frame: FrameType | None) -> None:
    """A signal's handler: a polite end, as by Ctrl-C, so that the workers are ended too."""
    raise KeyboardInterrupt
