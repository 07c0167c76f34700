"""`grader grade`: mark one submission."""

from __future__ import annotations

import argparse
import os
import signal
from typing import Any

from grader import GRADER
from grader.options import OPTIONS, command_line, interrupt


def add(commands: Any) -> None:
    """Give the command line this command."""
    grade = commands.add_parser(
        "grade",
        help="mark one submission",
        description="Mark one submission, as pytest grader/ does.",
    )
    grade.add_argument(
        "submission", nargs="?", default=".", help="folder, .zip, .tar.gz or .tgz (default: here)"
    )
    for name, settings in OPTIONS:
        grade.add_argument(name, **settings)
    grade.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Mark it; the exit status is the report's."""
    import pytest

    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = (
        "1"  # only our own plugin, whatever is installed here
    )
    os.environ.pop("PYTEST_ADDOPTS", None)
    os.environ.pop("PYTEST_PLUGINS", None)
    signal.signal(signal.SIGTERM, interrupt)
    *arguments, _, submission = command_line(options)
    pinned = [
        "-c",
        str(GRADER / "pytest.ini"),
        f"--rootdir={GRADER}",
        "--noconftest",
        "-p",
        "grader.marking.pytest_plugin",
    ]
    status = int(pytest.main([*pinned, *arguments, f"--submission={submission}", str(GRADER)]))
    return status if status in (0, 1) else 2
