"""The lab is published once for all of these tests."""

from pathlib import Path

import pytest

from tests.lab.support import offline_lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return offline_lab(tmp_path_factory)
