"""The examples in the docstrings of the report are true."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", [
    "report.text", "report.charts", "classroom.headline", "classroom.reports.attempts",
    "classroom.reports.cells", "classroom.reports.names",
])  # fmt: skip
def test_examples(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(f"grader.{name}"))
    assert outcome.attempted
    assert not outcome.failed
