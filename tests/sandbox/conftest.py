"""Every test here must end without a process left behind."""

import os
import subprocess

import pytest

from tests.sandbox.support import started


@pytest.fixture(autouse=True)
def leaves_nothing_behind():
    yield
    while started:
        started.pop().close()
    mine = subprocess.run(["ps", "-ewwo", "pid,ppid,args"], capture_output=True, text=True).stdout
    assert not [
        line
        for line in mine.splitlines()
        if "entry.py" in line and str(os.getpid()) in line.split()[:2]
    ]
