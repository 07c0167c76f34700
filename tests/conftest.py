"""Setup for every test. tests/student belongs to the handout; test_section_checks.py runs it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest

collect_ignore = ["student", "specimens", "fuzz"]

# A shell's background jobs ignore Ctrl-C, and so does all that they start; some tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--all",
        action="store_true",
        help="run the exhaustive tests too, more cases of what others test, or at full size",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out the exhaustive tests unless `--all` is given."""
    if config.getoption("--all"):
        return
    left_out = [item for item in items if item.get_closest_marker("exhaustive")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("exhaustive")]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Chromium with a fresh profile, for all tests of a file."""
    from tests.browser import start

    driver = start(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()
