"""The instructor's command line: `python -m grader grade PATH`, `… batch`, `… report`, `… calibrate`, `… selftest`,
`… doctor`, `… handout`, `… publish`, `… roster`.

Exit status 0: graded with full marks, or all is well; 1: graded, marks lost, or something lacks; 2: could not be done.
"""

from __future__ import annotations

import sys
from pathlib import Path

# Our own modules come from here and nowhere else: with `python -m`, Python would look in the student's folder first.
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
    doctor,
    forget,
    grade,
    handout,
    publish,
    report,
    selftest,
    similarity,
)  # fmt: skip
from grader.errors import CannotGrade
from grader.report.text import one_line

COMMANDS = (grade, batch, report, similarity, forget, calibrate, selftest, doctor, handout, publish)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status."""
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
        print(f"error: operating system error: {one_line(str(error))}", file=sys.stderr)
        return 2
    except Exception:  # Python's own status for it, 1, would say that a submission was graded
        traceback.print_exc()
        return 2
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="grader", description="Marks submissions of the assignment."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return parser


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(
            errors="backslashreplace"
        )  # as standard error is: a name never ends a command
    sys.exit(main())
