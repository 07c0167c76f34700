"""The instructor's command line: `grader grade PATH`, `grader batch`, `grader report` and more.

Exit status 0: full marks, or all is well; 1: marks lost, or something is missing; 2: the command
failed.
"""

from __future__ import annotations

import sys
from pathlib import Path

# Import our own modules from here only: with `python -m`, Python looks in the student's folder
# first.
GRADER = Path(__file__).resolve().parent
if __name__ == "__main__" and not sys.flags.safe_path:
    del sys.path[0]
sys.path.insert(0, str(GRADER.parent))

import argparse
import io
import traceback

from grader.commands import (
    batch,
    calibrate,
    decide,
    doctor,
    exam,
    forget,
    grade,
    handout,
    log,
    publish,
    questions,
    recover,
    report,
    return_,
    selftest,
    similarity,
)  # fmt: skip
from grader.errors import FULL, CannotGrade, no_room
from grader.report.text import one_line

COMMANDS = (
    grade,
    batch,
    report,
    return_,
    decide,
    log,
    similarity,
    questions,
    exam,
    forget,
    recover,
    calibrate,
    selftest,
    doctor,
    handout,
    publish,
)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # like standard error: a name that the terminal cannot show must not end the command
        sys.stdout.reconfigure(errors="backslashreplace")
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        status: int = options.run(options)
    except CannotGrade as error:
        print(f"error: {one_line(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as error:
        print(f"error: interrupted; {str(error) or 'nothing was written'}", file=sys.stderr)
        return 2
    except OSError as error:
        problem = f"operating system error: {error}"
        if error.errno in FULL:
            place = error.filename2 or error.filename or getattr(options, "out", None) or "file"
            problem = str(no_room(Path(str(place)).absolute().parent, error))
        print(f"error: {one_line(problem)}", file=sys.stderr)
        return 2
    except Exception:  # Python's own exit status, 1, would mean that a submission was graded
        traceback.print_exc()
        return 2
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="grader", description="Mark submissions of the assignment."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
