"""`grader grade`: mark one submission."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.commands.arguments import OPTIONS
from grader.interrupts import interrupt

if TYPE_CHECKING:  # for annotations only: the command line has to start at once
    from grader.options import Options
    from grader.report.student_page import PageContent
    from grader.results import Report
    from grader.rubric import Rubric
    from grader.sandbox.servers import Servers
    from grader.submission.reading import Submission
    from grader.training.fitted_network import FittedNetwork


def add(commands: Any) -> None:
    """Add this command to the command line."""
    grade = commands.add_parser(
        "grade",
        description="Mark one submission, as `pytest grader/ --submission PATH` does.",
    )
    grade.add_argument(
        "submission",
        nargs="?",
        default=".",
        help="folder, .zip, .tar.gz or .tgz (default: current folder)",
    )
    for name, settings in OPTIONS:
        grade.add_argument(name, **settings)
    grade.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Mark, print the score card and write the requested files; returns the exit status."""
    signal.signal(signal.SIGTERM, interrupt)
    submission, rubric, options = prepare(given)
    servers = begun_servers(submission, rubric, options)
    try:
        # imports NumPy, while the servers of the workers do
        from grader.marking.marking import Marking
        from grader.report import terminal

        marking = Marking(submission, rubric, options, servers=servers)
        marking.begin()
        print(terminal.head(submission.name, options), flush=True)
        for section in marking.to_run():
            result = marking.mark(section)
            if section in marking.chosen:
                print(terminal.line(result), flush=True)
            marking.end_worker_after(section)
    finally:
        servers.close()
    report = marking.report()
    print(terminal.foot(report))
    write_files(given, report, submission, rubric, marking.networks().get("numpy_ann"))
    return report.exit_status


def begun_servers(submission: Submission, rubric: Rubric, options: Options) -> Servers:
    """The servers of a marking, started as far as its sections need them.

    Raises CannotGrade where no sandbox level can be expected to work.
    """
    from grader.sandbox.levels import expected
    from grader.sandbox.servers import Servers

    servers = Servers(submission, rubric, expected(options.sandbox), device=options.device)
    chosen = rubric.select(list(options.only), options.skip_training)
    servers.begin(section.script for section in rubric.with_needs(chosen))
    return servers


def prepare(given: argparse.Namespace) -> tuple[Submission, Rubric, Options]:
    """The submission, the rubric and the options.

    Raises CannotGrade for wrong options and for an unreadable submission.

    For an unreadable submission the requested files are written, with 0 points and the reason.
    """
    from grader.commands.settings import expect_writable, read_options
    from grader.errors import SubmissionError
    from grader.results import Report
    from grader.rubric import load_rubric
    from grader.submission.names import read_aliases
    from grader.submission.reading import open_submission

    rubric = load_rubric()
    options = read_options(vars(given).__getitem__, rubric)
    for file in (given.results, given.html_report):
        if file is not None:
            expect_writable(Path(file))
    path, aliases = Path(given.submission), read_aliases(given.alias)
    try:
        submission = open_submission(path, aliases)
        _expect_used(given.submission, submission, aliases)
        return submission, rubric, options
    except SubmissionError as error:
        name = path.resolve().name
        nothing = Report(
            (),
            {},
            {},
            0.0,
            options.seed,
            options.device,
            "none",
            name,
            str(error),
            attempt=options.attempt,
        )
        write_files(given, nothing, None, rubric)
        raise


def _expect_used(path: str, submission: Submission, aliases: dict[str, str]) -> None:
    from grader.errors import CannotGrade

    read = {*submission.taken.values(), *submission.problems}
    unused = [name for name in aliases if name not in read]
    if unused:
        names = [*(f"{s}.py" for s in submission.scripts), *submission.plots]
        listed = ", ".join(submission.taken.get(name, name) for name in names)
        raise CannotGrade(
            f"--alias names {unused[0]}, which {path} does not hold beside {listed or 'the others'}"
        )


def write_files(
    given: argparse.Namespace,
    report: Report,
    submission: Submission | None,
    rubric: Rubric,
    network: FittedNetwork | None = None,
) -> None:
    """Write results.json and the student page, if they were requested.

    Beside the page goes one with a look inside the `network` of part 1, if there is one.
    """
    from grader.errors import expecting_room
    from grader.report import results_json

    if given.results:
        with expecting_room(Path(given.results).absolute().parent):
            results_json.write(report, Path(given.results))
    if given.html_report:
        from grader.report import student_page
        from grader.report.pictures import OfficialImages

        path = Path(given.html_report)
        data_dir = Path(given.data_dir) if given.data_dir else None
        with expecting_room(path.absolute().parent):
            content = _page_content(report, submission, rubric)
            if network is not None:
                from dataclasses import replace

                from grader.report.network_page import write_beside

                beside = write_beside(network, report.submission, path, data_dir)
                content = replace(content, network=beside)
            student_page.write(content, OfficialImages(data_dir), path)


def _page_content(report: Report, submission: Submission | None, rubric: Rubric) -> PageContent:
    """What the student's page shows of one marking, which knows no class."""
    from datetime import datetime

    from grader.classroom.keys import content_hash
    from grader.report.student_page import PageContent

    return PageContent(
        report,
        report.submission,
        plots=submission.plots if submission else {},
        title=rubric.title,
        marked=f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}",
        work=content_hash(submission) if submission else "",
        sources=submission.scripts if submission else {},
        needs={section.number: section.needs for section in rubric.sections},
    )
