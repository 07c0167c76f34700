"""`pytest grader/ --submission PATH`: the doorway to plugin.py.

pytest looks for conftest.py and configuration beside every path on its command line, and takes the submission's for one. So
this pytest only reads the options; the marking runs in a second one, whose root, configuration and plugins are ours.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grader.options import add_options, command_line


def pytest_plugin_registered(manager: pytest.PytestPluginManager) -> None:
    """From here on no other conftest.py is loaded: the next one would be the submission's."""
    manager._noconftest = True


def pytest_addoption(parser: pytest.Parser) -> None:
    """The grader's own options."""
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Hand the options to `python -m grader grade`, and give back its exit status."""
    if config.option.help or config.option.version:
        return None
    main = Path(__file__).resolve().with_name("__main__.py")
    return subprocess.run(
        [sys.executable, "-P", str(main), "grade", *command_line(config.option)]
    ).returncode
