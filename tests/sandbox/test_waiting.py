"""A marking in a process that has more than a thousand descriptors open."""

import os
import resource
from collections.abc import Iterator

import pytest

from grader.sandbox.waiting import readable, writable
from tests.sandbox.support import Z, student_with


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    yield
    for descriptor in held:
        os.close(descriptor)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_descriptors")
def test_workers_are_called_over_descriptors_of_any_number() -> None:
    for _ in range(2):  # the second one's server comes from a template
        student = student_with("def relu(z): return z")
        assert (student.module.relu(Z) == Z).all()
        student.close()


def test_what_is_ready_is_said() -> None:
    read, write = os.pipe()
    assert (readable(read, 0), writable(write, 0)) == (False, True)
    os.write(write, b"x")
    assert readable(read, 0)
    os.read(read, 1)
    os.close(write)
    assert readable(read, None)  # its end
    os.close(read)
