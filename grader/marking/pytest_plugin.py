"""pytest as the grader: options, fixtures, one test a section, the score card in place of pytest's own report.

`python -m grader grade` runs pytest with this plugin, and `pytest grader/` runs that (see conftest.py), so both give the same
marks, words and exit status.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.commands.settings import read_options
from grader.errors import CannotGrade, RubricError, SubmissionError
from grader.marking.marking import Marking
from grader.options import Options, add_options
from grader.report import results_json, terminal
from grader.report.text import one_line
from grader.results import Report
from grader.rubric import Rubric, Section, load_rubric
from grader.sandbox.remote import Student
from grader.submission.reading import open_submission

MARKING = pytest.StashKey[Marking]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The grader's own options."""
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Open the submission. What cannot be graded ends here: one line, exit status 2."""
    try:
        rubric = load_rubric()
        options = read_options(config.getoption, rubric)
        for file in (config.getoption("results"), config.getoption("html_report")):
            _expect_writable(file)
        try:
            submission = open_submission(Path(config.getoption("submission")))
        except SubmissionError as error:
            _write_files(config, _nothing(config, options, str(error)))
            raise
        config.stash[MARKING] = Marking(submission, rubric, options)
        config.stash[MARKING].begin()  # the workers import while pytest gets ready
    except CannotGrade as error:
        print(f"error: {one_line(str(error))}", file=sys.stderr)
        return 2
    return None  # pytest goes on


@pytest.hookimpl(trylast=True)  # after pytest's own reporter has been registered
def pytest_configure(config: pytest.Config) -> None:
    """The score card takes the place of pytest's report, whose counts and letters mean nothing to a class."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and not config.getoption("help"):
        config.pluginmanager.unregister(reporter)


def _expect_writable(file: str | None) -> None:
    if file is None:
        return
    folder = Path(file).resolve().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK) or Path(file).is_dir():
        raise CannotGrade(
            f"{file} cannot be written, expected a file in a folder that exists and can be written to"
        )


def _nothing(config: pytest.Config, options: Options, problem: str) -> Report:
    """The report of a submission that could not be read: no section, score 0."""
    name = Path(config.getoption("submission")).resolve().name
    return Report((), {}, {}, 0.0, options.seed, options.device, "none", name, problem)


def _write_files(config: pytest.Config, report: Report) -> None:
    if config.getoption("results"):
        results_json.write(report, Path(config.getoption("results")))
    if config.getoption("html_report"):
        from grader.report import student_page as page
        from grader.report.pictures import OfficialImages

        marking = config.stash.get(MARKING, None)
        plots, data_dir = (
            ({}, None) if marking is None else (marking.submission.plots, marking.options.data_dir)
        )
        work = page.Work(report, report.submission, plots)
        page.write(work, OfficialImages(data_dir), Path(config.getoption("html_report")))


def _section(item: pytest.Item, rubric: Rubric) -> Section:
    marker = item.get_closest_marker("section")
    number = marker.args[0] if marker else "?"
    if number not in rubric.by_number:
        raise RubricError(f"{item.name} marks section {number}, which the rubric does not have")
    return rubric.by_number[number]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of the sections to be marked, in the rubric's order."""
    marking = config.stash[MARKING]
    by_number = {_section(item, marking.rubric).number: item for item in items}
    items[:] = [
        by_number[section.number] for section in marking.to_run() if section.number in by_number
    ]
    print(terminal.head(marking.submission.name, marking.options))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool:
    """Mark a section by running its test, and print its line of the score card."""
    marking = pyfuncitem.config.stash[MARKING]
    section = _section(pyfuncitem, marking.rubric)
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    result = marking.mark(section, lambda: pyfuncitem.obj(**arguments))
    if section in marking.chosen:
        print(terminal.line(result), flush=True)
    if result.status != "passed":
        pytest.fail(result.feedback, pytrace=False)
    return True


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the workers, print the total, write the files; the exit status is the report's."""
    marking = session.config.stash.get(MARKING, None)
    if marking is None or session.exitstatus not in (
        pytest.ExitCode.OK,
        pytest.ExitCode.TESTS_FAILED,
    ):
        return
    marking.close()
    report = marking.report()
    print(terminal.foot(report))
    _write_files(session.config, report)
    session.exitstatus = report.exit_status


def pytest_unconfigure(config: pytest.Config) -> None:
    """After Ctrl-C too: no worker outlives the marking."""
    marking = config.stash.get(MARKING, None)
    if marking is not None:
        marking.close()


@pytest.fixture
def marking(request: pytest.FixtureRequest) -> Marking:
    """The marking in progress."""
    return request.config.stash[MARKING]


@pytest.fixture
def section(request: pytest.FixtureRequest, marking: Marking) -> Section:
    """The section that the test marks."""
    return _section(request.node, marking.rubric)


@pytest.fixture
def rng(marking: Marking, section: Section) -> np.random.Generator:
    """Draws the section's hidden inputs."""
    return marking.rng(section)


@pytest.fixture
def student(marking: Marking, section: Section) -> Student:
    """The script that the section is about, in a process of its own."""
    return marking.students[section.script]


def pytest_internalerror(excrepr: Any) -> bool:
    """A fault of the grader's own: one line, and the details after it."""
    print(f"grader error: {excrepr}", file=sys.stderr)
    return True
