"""The sections as pytest's items: options, one test a section, and the score card.

With pytest-xdist each worker process marks the sections of whole scripts, and the controller
merges their reports.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from grader import GRADER
from grader.commands.arguments import add_options
from grader.commands.grade import begun_servers, prepare, write_files
from grader.errors import CannotGrade, NoRoom
from grader.options import Options
from grader.report.text import feedback, one_line
from grader.results import Report, Status
from grader.rubric import Rubric
from grader.rules import RubricSection
from grader.sections import SECTIONS
from grader.submission.reading import Submission

if TYPE_CHECKING:  # they import NumPy, which the servers do meanwhile
    from grader.checks.context import Context
    from grader.marking.marking import Marking
    from grader.sandbox.servers import Servers
    from grader.training.fitted_network import FittedNetwork

BY_CHECK = {section.check: section.number for section in SECTIONS}


@dataclass
class PytestRun:
    """What is marked, how, and what came of it in this process and in others."""

    submission: Submission
    rubric: Rubric
    options: Options
    numbers: set[str] = field(default_factory=set)  # of the sections that pytest ran
    reports: list[Report] = field(default_factory=list)
    networks: dict[str, FittedNetwork] = field(default_factory=dict)
    servers: Servers | None = None  # those that were started before the marking is needed
    _marking: Marking | None = None

    @property
    def marking(self) -> Marking:
        """The marking of this process, begun when it is first needed."""
        from grader.marking.marking import Marking

        if self._marking is None:
            self._marking = Marking(
                self.submission, self.rubric, self.options, servers=self.servers
            )
            self._marking.begin()
        return self._marking

    def close(self) -> None:
        """End the workers of this process; what they found is kept."""
        if self._marking is not None:
            self._marking.close()
            self.reports.append(self._marking.report())
            self.networks |= self._marking.networks()
            self._marking = None
        elif self.servers is not None:  # no section was marked
            self.servers.close()

    def report(self) -> Report | None:
        """The sections that pytest ran, from all processes."""
        if not self.reports:
            return None
        found = {s.number: s for report in self.reports for s in report.sections}
        chosen = [s.number for s in self.rubric.sections if s.number in self.numbers & found.keys()]
        return replace(
            self.reports[0],
            sections=tuple(found[number] for number in chosen),
            accuracy={k: v for report in self.reports for k, v in report.accuracy.items()},
            trainings={k: v for report in self.reports for k, v in report.trainings.items()},
            seconds=max(report.seconds for report in self.reports),
        )


RUN = pytest.StashKey[PytestRun]()
Hook = Generator[None, Any, Any]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The grader's own options."""
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Read the submission. What cannot be graded ends here: one line, exit status 2."""
    if config.option.help or config.option.version:
        return None
    several = getattr(config.option, "numprocesses", None)
    try:
        run = PytestRun(*prepare(config.option))
        if not several and not config.option.collectonly:
            run.servers = begun_servers(run.submission, run.rubric, run.options)
    except CannotGrade as error:
        print(f"error: {one_line(str(error))}", file=sys.stderr)
        return 2
    config.stash[RUN] = run
    config.option.seed = str(run.options.seed)  # the processes of xdist draw the same inputs
    if several and config.option.dist in ("no", "load"):
        config.option.dist = "loadgroup"  # a script's sections share its training
    return None


def pytest_configure(config: pytest.Config) -> None:
    """A worker process of xdist reads the submission itself."""
    if hasattr(config, "workerinput"):
        config.stash[RUN] = PytestRun(*prepare(config.option))


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Of the grader's folders, only `checks` holds sections; searching the others takes time."""
    is_other = collection_path.parent == GRADER and collection_path.name != "checks"
    return True if is_other else None


def _section(item: pytest.Item, rubric: Rubric) -> RubricSection:
    check = f"checks.{item.path.stem}:{getattr(item, 'originalname', item.name)}"
    if check not in BY_CHECK:
        raise pytest.UsageError(f"{item.nodeid} marks no section, expected tests of grader/ alone")
    return rubric.by_number[BY_CHECK[check]]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the sections to be marked, in the rubric's order; one xdist group for each script."""
    run = config.stash[RUN]
    only, skip_training = list(run.options.only), run.options.skip_training
    chosen = [section.number for section in run.rubric.select(only, skip_training)]
    numbers = {item: _section(item, run.rubric).number for item in items}
    dropped = [item for item in items if numbers[item] not in chosen]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
    items[:] = sorted(
        (item for item in items if numbers[item] in chosen), key=lambda i: chosen.index(numbers[i])
    )
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_section(item, run.rubric).script))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """From here on pytest has no more to say of its arguments (see pytest_run.py)."""
    begin = getattr(sys.stderr, "begin", None)
    if begin is not None:
        begin()


@pytest.fixture
def section(request: pytest.FixtureRequest) -> RubricSection:
    """The section that the test marks."""
    return _section(request.node, request.config.stash[RUN].rubric)


@pytest.fixture
def context(request: pytest.FixtureRequest) -> Context:
    """What the section may ask."""
    with _ending_without_room():
        return request.config.stash[RUN].marking.context


@contextlib.contextmanager
def _ending_without_room() -> Iterator[None]:
    """Ends pytest where a disk is full: no other section could be marked."""
    try:
        yield
    except NoRoom as error:
        pytest.exit(f"error: {one_line(str(error))}", returncode=2)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool:
    """Mark the section: the stages of marking/runner.py around its test."""
    run = pyfuncitem.config.stash[RUN]
    with _ending_without_room():
        result = run.marking.mark(_section(pyfuncitem, run.rubric))
    if result.status is not Status.PASSED:
        pytest.fail(feedback(result), pytrace=False)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Hook:
    """Note the section's number with pytest's report, which travels between processes."""
    report = yield
    report.section_number = _section(item, item.config.stash[RUN].rubric).number
    return report


class _Collector:
    """Notes which sections pytest ran, here or in another process."""

    def __init__(self, run: PytestRun):
        self.run = run

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called on the controller for every report."""
        if report.when == "call":
            self.run.numbers.add(report.section_number)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker process of xdist has ended: its report comes with it."""
        output = getattr(node, "workeroutput", {})
        if output.get("report"):
            self.run.reports.append(Report.from_json(output["report"]))
            from grader.training.fitted_network import FittedNetwork

            networks = output["networks"].items()
            self.run.networks |= {script: FittedNetwork(**fields) for script, fields in networks}


def pytest_sessionstart(session: pytest.Session) -> None:
    """Listen to the reports of this process and of others."""
    if RUN in session.config.stash:
        session.config.pluginmanager.register(_Collector(session.config.stash[RUN]))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the workers; an xdist worker hands over its report, the controller sets the status."""
    run = session.config.stash.get(RUN, None)
    if run is None:
        return
    run.close()
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["report"] = run.reports[0].to_json() if run.reports else ""
        output["networks"] = {script: asdict(network) for script, network in run.networks.items()}
        return
    report = run.report()
    done = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    if report is not None and report.sections and done:
        session.exitstatus = report.exit_status
        network = run.networks.get("numpy_ann")
        write_files(session.config.option, report, run.submission, run.rubric, network)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The score card."""
    run = terminalreporter.config.stash.get(RUN, None)
    report = None if run is None else run.report()
    if report is None or not report.sections:
        return
    assert run is not None
    from grader.report import terminal

    terminalreporter.section("score card")
    terminalreporter.write_line(terminal.head(run.submission.name, run.options))
    for result in report.sections:
        terminalreporter.write_line(terminal.line(result))
    terminalreporter.write_line(terminal.foot(report, details=False))


def pytest_unconfigure(config: pytest.Config) -> None:
    """After Ctrl-C too: no worker outlives the marking."""
    run = config.stash.get(RUN, None)
    if run is not None:
        run.close()
