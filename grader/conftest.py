"""`pytest grader/ --submission PATH`: a pytest run over the sections, configured by us alone.

pytest looks for conftest.py and configuration beside every path on its command line, and takes the
submission's path for one. So the sections run in a second pytest with the same arguments, whose
root, configuration and plugins are pinned. The first one hands over before it loads any conftest.py
of a submission: as an installed plugin if the project is installed, else as this conftest.py.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest

GRADER = Path(__file__).resolve().parent
PINNED = ("-c", "--config-file", "--rootdir", "--confcutdir", "--noconftest", "--inifile")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """As an installed plugin: give way where the command line names the grader."""
    paths: list[str] = early_config.known_args_namespace.file_or_dir
    here = early_config.invocation_params.dir
    places = [(here / path.partition("::")[0]).resolve() for path in paths]
    if any(place.is_relative_to(GRADER) for place in [*places, *([] if places else [here])]):
        hand_over(early_config.invocation_params.args, early_config.pluginmanager)


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """As a conftest.py, where the plugin is not installed: give way at once."""
    name = pluginmanager.get_name(sys.modules[__name__]) or ""
    if name.endswith("conftest.py"):
        hand_over(sys.argv[1:], pluginmanager)


def hand_over(arguments: Sequence[object], plugins: pytest.PytestPluginManager) -> NoReturn:
    """Become the pytest whose configuration is pinned, with these arguments; its exit status is 0, 1 or 2.

    The process itself goes on as the other one, so that whoever ends it ends the marking.
    """
    capture = plugins.getplugin("capturemanager")
    if capture is not None:
        capture.suspend_global_capture(in_=True)  # the terminal, not pytest's buffer
    given = [str(argument) for argument in arguments]
    for argument in given:
        if argument.partition("=")[0] in PINNED:
            reason = "the grader's pytest is configured by its own pytest.ini"
            print(f"error: {argument} cannot be used here: {reason}", file=sys.stderr)
            raise SystemExit(2)
    sys.stdout.flush()
    program = GRADER / "commands" / "pytest_run.py"
    os.execv(sys.executable, [sys.executable, "-P", str(program), *given])
