"""`python utils.py`: the submission checklist, the download of the data, and the quiz."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from assignment.checklist import ARCHIVE, checklist, marked_how_far, nothing_written, pack
from assignment.console import marks
from assignment.data import PROJECT, DataError, data_folder, download_data
from assignment.ending import ended_well


def main(arguments: list[str] | None = None) -> int:
    """The exit status of `python utils.py`: submission checklist, download of the data, or quiz."""
    parser = argparse.ArgumentParser(
        prog="utils.py", description="Submission checklist, data and quiz."
    )
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument(
        "--checklist", action="store_true", help="check your files and pack submission.zip"
    )
    action.add_argument(
        "--download", action="store_true", help="download missing or damaged data files"
    )
    action.add_argument(
        "--quiz", action="store_true", help="answer three questions about your own part 1"
    )
    parser.add_argument(
        "--anyway", action="store_true", help="pack even if something is not finished"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=PROJECT,
        help="the folder of your scripts (default: that of utils.py)",
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="the folder of the data (default: data/)",
    )
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        parser.error(
            f"--folder {options.folder} does not exist, expected the folder of your scripts"
        )
    return ended_well(lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    try:
        if options.checklist:
            return _run_checklist(options.folder.resolve(), anyway=options.anyway)
        if options.quiz:
            from assignment.questions.quiz import quiz

            return quiz(options.folder.resolve())
        download_data(options.data_dir)
    except BrokenPipeError:
        raise
    except (DataError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"All data files are complete, in {data_folder(options.data_dir)}.")
    return 0


def _run_checklist(folder: Path, *, anyway: bool) -> int:
    """0 if submission.zip is packed, 1 if something is not finished, 2 if it cannot be written."""
    good, bad, _ = marks()
    findings = checklist(folder)
    for finding in findings:
        print(f"  {bad if finding.problem else good} {finding}")
        print("".join(f"      {line}\n" for line in finding.details), end="")
    print()
    print("\n".join(marked_how_far(findings)))
    blank = nothing_written(folder)
    if blank:
        print(f"\n{blank}")
    if any(finding.problem for finding in findings) and not anyway:
        print(f"\nNothing is packed yet. The files are in {folder}.")
        print("Next: fix the marked files, then run python utils.py --checklist again.")
        print("To hand in unfinished files: python utils.py --checklist --anyway")
        return 1
    try:
        packed = pack(folder)
    except OSError as error:
        print(f"error: {folder / ARCHIVE} cannot be written ({error.strerror})", file=sys.stderr)
        return 2
    print(f"\nPacked {packed}. Hand in this file.")
    return 0
