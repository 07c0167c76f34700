"""The instructor's command line: `python -m grader grade PATH`, `python -m grader handout`.

Exit status 0: graded with full marks; 1: graded, marks lost; 2: could not be graded.
"""

from __future__ import annotations

import sys
from pathlib import Path

# Started in a student's folder with `python -m`, Python looks for modules there first: nothing there may be ours.
if (
    not sys.flags.safe_path
    and sys.path
    and sys.path[0] in ("", str(Path.cwd()))
    and Path(__file__).parent.parent != Path.cwd()
):
    del sys.path[0]

import argparse
import os

from grader.errors import CannotGrade

GRADER = Path(__file__).resolve().parent


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        status: int = options.run(options)
    except CannotGrade as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="grader", description="Marks submissions of the assignment.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    grade = commands.add_parser(
        "grade", help="mark one submission", description="Mark one submission, as pytest grader/ does."
    )
    grade.add_argument("submission", nargs="?", default=".", help="folder, .zip, .tar.gz or .tgz (default: here)")
    grade.add_argument(
        "--device", metavar="NAME", help="auto, cpu, cuda or mps, for the training of parts 2 and 3 (default: auto)"
    )
    grade.add_argument("--only", action="append", metavar="NUMBER", help="mark this section alone; may be repeated")
    grade.add_argument("--skip-training", action="store_true", help="leave out the training sections and their points")
    grade.add_argument("--train-size", metavar="N", help="train on fewer images, for a quick try (default: 54000)")
    grade.add_argument(
        "--seed", metavar="N", help="of hidden inputs and training (default: a fresh one, which is printed)"
    )
    grade.add_argument("--data-dir", metavar="DIR", help="folder that holds FashionMNIST/raw (default: data/)")
    grade.add_argument("--results", metavar="FILE", help="write results.json (Gradescope's format) here")
    grade.add_argument("--html", metavar="FILE", dest="html_report", help="write an HTML report here")
    grade.set_defaults(run=_grade)

    handout = commands.add_parser(
        "handout", help="make what students get", description="Make what students get, from grader/reference."
    )
    handout.add_argument("--stubs", action="store_true", help="only generate the three scripts at the root")
    handout.add_argument("--no-data", action="store_true", help="leave the data out; it is fetched on first use")
    handout.add_argument(
        "--out", type=Path, default=GRADER.parent / "build", metavar="DIR", help="where to (default: build/)"
    )
    handout.set_defaults(run=_handout)
    return parser


def _grade(options: argparse.Namespace) -> int:
    import pytest

    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # only our own plugin, whatever is installed here
    os.environ.pop("PYTEST_ADDOPTS", None)
    arguments = [
        "-c",
        str(GRADER / "pytest.ini"),
        "--rootdir",
        str(GRADER),
        str(GRADER),
        "--submission",
        options.submission,
    ]
    for name in ("device", "train_size", "seed", "data_dir", "results", "html_report"):
        value = getattr(options, name)
        if value is not None:
            arguments += [f"--{name.removesuffix('_report').replace('_', '-')}", value]
    for number in options.only or ():
        arguments += ["--only", number]
    if options.skip_training:
        arguments.append("--skip-training")
    status = int(pytest.main(arguments))
    return status if status in (0, 1, 130) else 2


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
    sys.exit(main())
