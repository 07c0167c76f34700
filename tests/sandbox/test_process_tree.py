"""All descendants of a process are found, measured and killed, even while they fork."""

import os
import subprocess
import sys
import time

import pytest

from grader.sandbox import process_tree

pytestmark = pytest.mark.skipif(not process_tree.HAS_PROC, reason="reads /proc")

SLEEPERS = """
import os, time
if os.fork() == 0:
    os.fork()
time.sleep(60)
"""
FORKING = """
import ctypes, os, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER, as a worker has it
for _ in range(5):
    if os.fork() == 0:
        end = time.monotonic() + 20  # should the test be ended before it ends these
        while time.monotonic() < end:  # each child forks and ends, so its child is an orphan
            if os.fork():
                os._exit(0)
            time.sleep(0.02)
time.sleep(60)
"""
MEMORY = """
import mmap, time
private = bytearray(b"x" * 30_000_000)
shared = mmap.mmap(-1, 20_000_000)
shared.write(b"x" * 20_000_000)
time.sleep(60)
"""


def start(code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-I", "-S", "-c", code], start_new_session=True)


def wait_for_descendants(pid: int, count: int) -> list[int]:
    deadline = time.monotonic() + 10
    while len(found := process_tree.descendants(pid)) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def test_children_and_grandchildren_are_found_and_one_is_spared() -> None:
    with start(SLEEPERS) as parent:
        found = wait_for_descendants(parent.pid, 2)
        assert len(found) == 2
        process_tree.kill_descendants(parent.pid, spared=found[0])
        assert [process_tree.is_ended(pid) for pid in found] == [False, True]
        process_tree.kill_descendants(parent.pid)
        assert all(process_tree.is_ended(pid) for pid in found)
        parent.kill()


def test_forking_descendants_are_all_killed() -> None:
    with start(FORKING) as parent:
        wait_for_descendants(parent.pid, 5)
        process_tree.kill_descendants(parent.pid)
        time.sleep(0.1)
        alive = [
            pid for pid in process_tree.descendants(parent.pid) if not process_tree.is_ended(pid)
        ]
        parent.kill()
    assert alive == []


def test_memory_is_private_and_shared_but_no_mapped_files() -> None:
    with start(MEMORY) as process:
        deadline = time.monotonic() + 10
        while process_tree.memory([process.pid]) < 50_000_000 and time.monotonic() < deadline:
            time.sleep(0.01)
        held = process_tree.memory([process.pid])
        process.kill()
    assert 50_000_000 <= held < 65_000_000


def test_a_process_that_is_gone_holds_nothing() -> None:
    with start("pass") as process:
        process.wait()
    assert process_tree.is_ended(process.pid)
    assert process_tree.memory([process.pid]) == 0
    assert process_tree.descendants(process.pid) == []
    assert not process_tree.is_ended(os.getpid())
