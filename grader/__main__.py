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
import os
import signal
import traceback

from grader.classroom import command as classroom
from grader.errors import CannotGrade
from grader.options import OPTIONS, command_line, interrupt
from grader.publish import command as publish
from grader.render.text import one_line
from grader.report import command as report

SANDBOX_HELP = "bubblewrap, user, none or auto (default: auto)"


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
        print(f"error: the machine does not play along: {one_line(str(error))}", file=sys.stderr)
        return 2
    except Exception:  # Python's own status for it, 1, would say that a submission was graded
        traceback.print_exc()
        return 2
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="grader", description="Marks submissions of the assignment.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    grade = commands.add_parser(
        "grade", help="mark one submission", description="Mark one submission, as pytest grader/ does."
    )
    grade.add_argument("submission", nargs="?", default=".", help="folder, .zip, .tar.gz or .tgz (default: here)")
    for name, settings in OPTIONS:
        grade.add_argument(name, **settings)
    grade.set_defaults(run=_grade)

    calibrate = commands.add_parser(
        "calibrate",
        help="measure accuracies over seeds",
        description="Train a submission with several seeds: mean, deviation and the chance of missing each bar.",
    )
    calibrate.add_argument("submission", nargs="?", default=str(GRADER / "reference"), help="default: the reference")
    calibrate.add_argument("--seeds", type=int, default=10, metavar="N", help="trainings of each script (default: 10)")
    calibrate.add_argument("--first-seed", type=int, default=0, metavar="N", help="default: 0")
    calibrate.add_argument("--train-size", type=int, metavar="N", help="train on fewer images (default: 54000)")
    calibrate.add_argument("--device", default="cpu", metavar="NAME", help="cpu, cuda or mps (default: cpu)")
    calibrate.add_argument("--sandbox", default="auto", metavar="LEVEL", help=SANDBOX_HELP)
    calibrate.add_argument(
        "--write", type=Path, metavar="FILE", help="put the table between the marks in this document"
    )
    calibrate.set_defaults(run=_calibrate)

    selftest = commands.add_parser(
        "selftest",
        help="try the grader on this machine",
        description="Mark the reference, the stubs and a set of cheats: status 0 if each earns what it should.",
    )
    selftest.add_argument("--quick", action="store_true", help="a few cheats, no training: some seconds")
    selftest.add_argument("--sandbox", default="auto", metavar="LEVEL", help=SANDBOX_HELP)
    selftest.set_defaults(run=_selftest)

    classroom.add_commands(commands)
    report.add_commands(commands)

    doctor = commands.add_parser(
        "doctor",
        help="say what this machine can do",
        description="Look at all that marking needs, and say what would mend what lacks: status 0 if marking is possible here.",
    )
    doctor.add_argument("--data-dir", metavar="DIR", help="folder that holds FashionMNIST/raw (default: data/)")
    doctor.set_defaults(run=_doctor)

    handout = commands.add_parser(
        "handout", help="make what students get", description="Make what students get, from grader/reference."
    )
    handout.add_argument("--stubs", action="store_true", help="only generate the three scripts at the root")
    handout.add_argument("--no-data", action="store_true", help="leave the data out; it is fetched on first use")
    handout.add_argument(
        "--out", type=Path, default=GRADER.parent / "build", metavar="DIR", help="where to (default: build/)"
    )
    handout.set_defaults(run=_handout)

    publish.add_commands(commands)
    return parser


def _grade(options: argparse.Namespace) -> int:
    import pytest

    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # only our own plugin, whatever is installed here
    os.environ.pop("PYTEST_ADDOPTS", None)
    os.environ.pop("PYTEST_PLUGINS", None)
    signal.signal(signal.SIGTERM, interrupt)
    *arguments, _, submission = command_line(options)
    pinned = ["-c", str(GRADER / "pytest.ini"), f"--rootdir={GRADER}", "--noconftest", "-p", "grader.plugin"]
    status = int(pytest.main([*pinned, *arguments, f"--submission={submission}", str(GRADER)]))
    return status if status in (0, 1) else 2


def _calibrate(options: argparse.Namespace) -> int:
    from grader import calibrate
    from grader.errors import StudentFault
    from grader.marking import Options
    from grader.rubric import load_rubric
    from grader.submission import open_submission
    from utils import DataError, Wrong

    if options.seeds < 1:
        raise CannotGrade(f"--seeds is {options.seeds}, expected 1 or more")
    how = Options(
        seed=options.first_seed, device=options.device, train_size=options.train_size, sandbox=options.sandbox
    )
    try:
        measured = calibrate.calibrate(open_submission(Path(options.submission)), load_rubric(), how, options.seeds)
    except (StudentFault, Wrong, DataError, ValueError) as error:
        raise CannotGrade(f"the submission cannot be trained: {error}") from None
    text = calibrate.table(measured)
    print(text)
    if options.write is not None:
        document = options.write.read_text(encoding="utf-8")
        options.write.write_text(calibrate.replace_table(document, text), encoding="utf-8")
    return 0


def _selftest(options: argparse.Namespace) -> int:
    from grader import selftest
    from grader.sandbox import choose

    print(f"sandbox: {choose(options.sandbox).words}\n")
    outcomes = []
    for outcome in selftest.run(options.sandbox, quick=options.quick):
        print(f"{outcome.name} …", file=sys.stderr, flush=True)
        outcomes.append(outcome)
    print(selftest.table(outcomes))
    wrong = sum(bool(outcome.problem) for outcome in outcomes)
    print(f"\n{len(outcomes) - wrong} of {len(outcomes)} as expected")
    return 0 if wrong == 0 else 1


def _doctor(options: argparse.Namespace) -> int:
    from grader.doctor import command

    return command.run(options.data_dir)


def _handout(options: argparse.Namespace) -> int:
    from grader import handout

    if options.stubs:
        for path in handout.write_stubs(GRADER.parent):
            print(path)
        return 0
    for path in handout.write_handout(options.out, with_data=not options.no_data):
        print(path)
    return 0


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as standard error is: a name never ends a command
    sys.exit(main())
