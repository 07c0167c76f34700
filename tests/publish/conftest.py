"""What `publish github` writes, and a folder in place of github.com."""

from pathlib import Path

import pytest


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """A folder that stands in place of github.com."""
    return tmp_path / "server"
