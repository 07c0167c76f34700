"""A test here that fails halfway leaves no batch running, which would fail a later test."""

from collections.abc import Iterator

import pytest

from tests.classroom.support import begun


@pytest.fixture(autouse=True)
def _no_batch_is_left_running() -> Iterator[None]:
    yield
    while begun:
        running = begun.pop()
        if running.returncode is None:
            running.kill()
            running.communicate()
