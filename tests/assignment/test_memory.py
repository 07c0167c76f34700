"""Freed memory stays with the process while it trains."""

import subprocess
import sys

import pytest

from assignment import memory
from tests.support import ROOT

FAULTS = """
import resource, sys
import numpy as np
from assignment.memory import keep_memory
if sys.argv[1:]:
    print(keep_memory())
def steps(count):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(count):
        a = np.ones(10_000_000)
        b = np.ones(10_000_000)
        del a, b
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
steps(2)
print(steps(10))
"""


def told(*arguments: str) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-c", FAULTS, *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc")
def test_freed_memory_is_used_again_without_a_page_fault() -> None:
    kept, faults = told("keep")
    assert kept == "True"
    assert int(faults) < 100 < int(*told())


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Musl:
        """A C library without mallopt."""

    for platform in ("linux", "darwin"):
        monkeypatch.setattr(sys, "platform", platform)
        monkeypatch.setattr("ctypes.CDLL", lambda name: Musl())
        assert memory.keep_memory.__wrapped__() is False
