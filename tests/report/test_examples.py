"""The examples in the docstrings of the report are true."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["report.text", "report.charts", "classroom.reports.cells"])
def test_examples(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(f"grader.{name}"))
    assert outcome.attempted
    assert not outcome.failed
