"""Puts the folder of utils.py on the path, wherever pytest is started, and checks a script once."""

import importlib
import sys
from functools import cache
from pathlib import Path

import pytest

PARENTS = Path(__file__).resolve().parents
sys.path.insert(0, str(next(folder for folder in PARENTS if (folder / "utils.py").exists())))


@cache
def checked(name):
    """The outcomes of a script's checks by section; a text if the script cannot be imported."""
    from assignment.captured import captured_checks
    from assignment.parts import PARTS
    from assignment.problems import gradients_off
    from assignment.student_errors import describe_error

    try:
        module = importlib.import_module(name)
    except (Exception, SystemExit) as error:
        return describe_error(error)
    gradients_off()  # the script's own run says so; the sections are checked all the same
    return {outcome.check.number: outcome for outcome, _ in captured_checks(PARTS[name], module)}


@pytest.fixture
def expect_passed():
    """Fails for a wrong section, and skips one that waits for another: one failure for one fault."""

    def expect(name, check, first):
        outcomes = checked(name)
        if isinstance(outcomes, str):
            if check is not first:
                pytest.skip(f"{name}.py cannot be imported")
            pytest.fail(f"{name}.py cannot be imported\n{outcomes}", pytrace=False)
        outcome = outcomes[check.number]
        if outcome.status == "waiting":
            pytest.skip(outcome.remark)
        if outcome.status != "passed":
            lines = outcome.lines or [outcome.remark]
            pytest.fail(f"{check.number} {check.title}\n" + "\n".join(lines), pytrace=False)

    return expect
