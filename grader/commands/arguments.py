"""The arguments of a marking, which pytest and the command line share.

Every `--help` shows them, so this imports next to nothing.
"""

from __future__ import annotations

from typing import Any, Protocol

SANDBOX_HELP = "bubblewrap, user, none or auto (default: auto)"

# Name, argparse settings. commands/settings.py checks the values: a wrong one ends with status 2.
OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "--device",
        {
            "metavar": "NAME",
            "help": "auto, cpu, cuda or mps, for training parts 2 and 3 (default: auto)",
        },
    ),
    (
        "--only",
        {
            "metavar": "NUMBER",
            "action": "append",
            "help": "mark this section only; may be repeated, or a list such as 1.2,1.3",
        },
    ),
    (
        "--skip-training",
        {"action": "store_true", "help": "skip the sections that mark training, and their points"},
    ),
    (
        "--audit",
        {
            "action": "store_true",
            "help": "train networks above their bar again, with shuffled labels and permuted pixels, "
            "for notes to the instructor",
        },
    ),
    (
        "--train-size",
        {"metavar": "N", "help": "train on fewer images, for a quick trial (default: 54000)"},
    ),
    (
        "--seed",
        {
            "metavar": "N",
            "help": "seed of hidden inputs and training (default: a fresh one, which is printed)",
        },
    ),
    (
        "--attempt",
        {
            "metavar": "N",
            "help": "which attempt of the student's this is: with the same seed, each has hidden "
            "inputs of its own (default: 1)",
        },
    ),
    (
        "--sandbox",
        {
            "metavar": "LEVEL",
            "help": "bubblewrap, user, none or auto, the best available here (default: auto)",
        },
    ),
    (
        "--data-dir",
        {"metavar": "DIR", "help": "folder that holds FashionMNIST/raw (default: data/)"},
    ),
    (
        "--alias",
        {
            "metavar": "FOUND=NAME",
            "action": "append",
            "default": [],
            "help": "read the file FOUND as NAME of the checklist, such as hw.py=numpy_ann.py; "
            "may be repeated",
        },
    ),
    ("--results", {"metavar": "FILE", "help": "write results.json (Gradescope's format) to FILE"}),
    (
        "--html",
        {
            "metavar": "FILE",
            "dest": "html_report",
            "help": "write the student page to FILE, and the look inside part 1's network beside it",
        },
    ),
)


class _Parser(Protocol):
    def getgroup(self, name: str) -> Any: ...


def add_options(parser: _Parser) -> None:
    """Add the options and `--submission` to pytest's."""
    group = parser.getgroup("grader")
    group.addoption(
        "--submission",
        default=".",
        metavar="PATH",
        help="folder, .zip, .tar.gz or .tgz (default: current folder)",
    )
    for name, settings in OPTIONS:
        group.addoption(name, **settings)
