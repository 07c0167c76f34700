"""A machine that is three times slower changes no mark."""

import sys

import pytest

from tests.end_to_end.slow_machine import mark_slowly


@pytest.mark.exhaustive
@pytest.mark.skipif(sys.platform != "linux", reason="keeps processes on one processor")
def test_the_reference_keeps_its_marks_on_a_slow_machine() -> None:
    content, _ = mark_slowly(3, "--skip-training")
    lost = [test["number"] for test in content["tests"] if test["status"] != "passed"]
    assert lost == []
    assert content["extra_data"]["notes"] == []  # no call had to be repeated
