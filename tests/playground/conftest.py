"""What takes a while to make and several test files look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from playground.sweeps import sweep
from tests.playground.sweep_support import SMALL


@pytest.fixture(scope="session")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of 8 trials."""
    path = tmp_path_factory.mktemp("sweep") / "sweep.db"
    sweep(path, SMALL, 8, pruner="none")
    return path
