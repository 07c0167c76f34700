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
import importlib
import io

from grader import __version__
from grader.errors import FULL, CannotGrade, no_room

# By name, the line in `grader --help`, and the module and function that add its options. A module
# is imported only for its own command: the command line has to start at once.
COMMANDS = {
    "grade": ("mark one submission", "grade", "add"),
    "batch": ("mark a whole class", "batch", "add"),
    "report": ("write pages and files from a gradebook", "report", "add"),
    "return": ("give the feedback back to the students", "return_", "add"),
    "decide": ("record a person's decision about a mark", "decide", "add"),
    "log": ("list the decisions about marks", "log", "add"),
    "similarity": ("list equal scripts, and near-copies to look at", "similarity", "add"),
    "questions": ("ask students about what they handed in", "questions", "add"),
    "exam": ("make an exam from each student's own code", "exam", "add"),
    "forget": ("erase a student", "forget", "add"),
    "recover": ("write what can be read of a damaged gradebook to a new one", "recover", "add"),
    "calibrate": ("measure accuracies over seeds", "calibrate", "add"),
    "selftest": ("test the grader on this machine", "selftest", "add"),
    "doctor": ("check that this machine can mark", "doctor", "add"),
    "handout": ("write the students' folder and its zip", "handout", "add"),
    "publish": ("make the files that a platform needs", "publish", "add"),
    "roster": ("fetch a class's repositories", "publish", "add_roster"),
    "autograder": (
        "mark inside Gradescope's container (called by run_autograder)",
        "publish",
        "add_autograder",
    ),
}


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # like standard error: a name that the terminal cannot show must not end the command
        sys.stdout.reconfigure(errors="backslashreplace")
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parser_for(arguments).parse_args(arguments)
    try:
        status: int = options.run(options)
    except CannotGrade as error:
        _print_error(str(error))
        return 2
    except KeyboardInterrupt as error:
        print(f"error: interrupted; {str(error) or 'nothing was written'}", file=sys.stderr)
        return 2
    except OSError as error:
        problem = f"operating system error: {error}"
        if error.errno in FULL:
            place = error.filename2 or error.filename or getattr(options, "out", None) or "file"
            problem = str(no_room(Path(str(place)).absolute().parent, error))
        _print_error(problem)
        return 2
    except Exception:  # Python's own exit status, 1, would mean that a submission was graded
        import traceback

        traceback.print_exc()
        return 2
    return status


def _print_error(problem: str) -> None:
    from grader.report.text import one_line

    print(f"error: {one_line(problem)}", file=sys.stderr)


def parser_for(arguments: list[str]) -> argparse.ArgumentParser:
    """The parser, with the options of the command that the arguments begin with."""
    parser = argparse.ArgumentParser(
        prog="grader", description="Mark submissions of the assignment."
    )
    parser.add_argument("--version", action="version", version=f"grader {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (line, module, function) in COMMANDS.items():
        if arguments[:1] != [name]:
            commands.add_parser(name, help=line)
        else:
            getattr(importlib.import_module(f"grader.commands.{module}"), function)(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
