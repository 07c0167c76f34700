"""The commands `publish`, `roster` and `autograder`: their options and what they run."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from grader import PROJECT
from grader.errors import CannotGrade

BUILD = PROJECT / "build"
TORCH_INDEX = (
    "install torch from this package index, such as the one of CPU-only builds, a tenth of the size"
)
RISK = (
    "--sandbox none: student code runs with the grader's rights, as root in the container. "
    "It can read and send away the tests and the reference solution, and write its own results.json"
)


def add(commands: Any) -> None:
    """Add this command to the command line."""
    publish = commands.add_parser(
        "publish",
        description="Make the files that a platform needs.",
    )
    targets = publish.add_subparsers(required=True, metavar="PLATFORM")
    _add_gradescope(targets)
    _add_github(targets)
    _add_classroom50(targets)
    _add_lab(targets)


def add_autograder(commands: Any) -> None:
    """Add `grader autograder`."""
    autograder = commands.add_parser("autograder")
    autograder.add_argument(
        "root", type=Path, help="the folder that holds source, submission and results"
    )
    autograder.add_argument(
        "--rehearse", action="store_true", help="mark the reference, without training"
    )
    autograder.set_defaults(run=_autograder)


def _add_gradescope(targets: Any) -> None:
    parser = targets.add_parser(
        "gradescope",
        help="make the autograder zip",
        description="Make the zip file to upload as a Gradescope autograder.",
    )
    parser.add_argument(
        "--out", type=Path, default=BUILD / "gradescope.zip", metavar="FILE", help="default: build/"
    )
    parser.add_argument(
        "--visible",
        default="after_published",
        metavar="WHEN",
        help="when to show sections other than the checklist and unwritten ones: visible, "
        "after_due_date, after_published or hidden (default: after_published)",
    )
    parser.add_argument(
        "--no-leaderboard", action="store_true", help="do not show accuracies and times to all"
    )
    parser.add_argument(
        "--skip-training",
        action="store_true",
        help="skip the sections that mark training, and their points",
    )
    parser.add_argument("--audit", action="store_true", help="train again for notes, as grade does")
    parser.add_argument(
        "--sandbox",
        default="auto",
        metavar="LEVEL",
        help="auto, bubblewrap, user or none (default: auto)",
    )
    parser.add_argument(
        "--minutes",
        type=int,
        default=40,
        metavar="N",
        help="the assignment's time limit (default: 40)",
    )
    parser.add_argument("--torch-index", metavar="URL", help=TORCH_INDEX)
    parser.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="the class's seed, as autograder.json of an earlier zip has it (default: a fresh one)",
    )
    parser.set_defaults(run=_gradescope)


def _add_github(targets: Any) -> None:
    parser = targets.add_parser(
        "github",
        help="make a template repository and workflows",
        description="Make the students' template repository, "
        "and the workflow that marks a roster of repositories.",
    )
    parser.add_argument(
        "--out", type=Path, default=BUILD / "github", metavar="DIR", help="default: build/github/"
    )
    parser.set_defaults(run=_github)


def _add_classroom50(targets: Any) -> None:
    parser = targets.add_parser(
        "classroom50",
        help="make the autograder for Classroom 50, with the public checks alone",
        description="Make the autograder for Classroom 50. The platform serves it to everybody, "
        "so it marks by the public checks alone.",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=BUILD / "classroom50",
        metavar="DIR",
        help="default: build/classroom50/",
    )
    parser.add_argument("--torch-index", metavar="URL", help=TORCH_INDEX)
    parser.set_defaults(run=_classroom50)


def _add_lab(targets: Any) -> None:
    parser = targets.add_parser(
        "lab",
        help="make a web page on which students write part 1, with nothing to install",
        description="Make a folder of static files for a web server: part 1 in the browser. "
        "Python runs in it as WebAssembly (Pyodide), which the browser loads from Pyodide's CDN.",
    )
    parser.add_argument(
        "--out", type=Path, default=BUILD / "lab", metavar="DIR", help="default: build/lab/"
    )
    parser.add_argument(
        "--offline",
        nargs="?",
        const="",
        metavar="DIR",
        help="put Pyodide into the folder (17 MB): from DIR, which holds the files of its "
        "distribution, or else from npm and pip",
    )
    parser.add_argument(
        "--data-dir", type=Path, metavar="DIR", help="the folder that holds FashionMNIST/raw"
    )
    parser.set_defaults(run=_lab)


def add_roster(commands: Any) -> None:
    """Add `grader roster`."""
    roster = commands.add_parser("roster")
    actions = roster.add_subparsers(required=True, metavar="ACTION")
    fetch = actions.add_parser(
        "fetch",
        help="fetch the submitted files of every repository",
        description="Fetch the submitted files of every repository. "
        "ROSTER_TOKEN, if set, is the access token.",
    )
    fetch.add_argument(
        "roster", type=Path, nargs="?", default=Path("roster.csv"), help="CSV: student,repository"
    )
    fetch.add_argument(
        "--to", type=Path, required=True, metavar="DIR", help="a new folder for the submissions"
    )
    fetch.add_argument(
        "--server", default="https://github.com", metavar="URL", help="default: https://github.com"
    )
    fetch.add_argument(
        "--repository", metavar="OWNER/NAME", help="fetch this one only, without a roster"
    )
    fetch.add_argument(
        "--pull-request", metavar="N", help="fetch the head of this pull request to --repository"
    )
    fetch.add_argument(
        "--before",
        metavar="TIME",
        help="fetch what was there at this time, such as 2026-11-20T23:59+01:00: by the times of "
        "GitHub's pushes, or else of commits, which a student can set",
    )
    fetch.set_defaults(run=_fetch)


def _gradescope(options: argparse.Namespace) -> int:
    from grader.publish.gradescope import Settings, write_zip

    settings = Settings(
        visible=options.visible,
        leaderboard=not options.no_leaderboard,
        skip_training=options.skip_training,
        sandbox=options.sandbox,
        audit=options.audit,
        minutes=options.minutes,
        torch_index=options.torch_index,
        seed=options.seed,
    )
    print(write_zip(options.out, settings))
    if options.sandbox == "none":
        print(f"warning: {RISK}", file=sys.stderr)
    return 0


def _github(options: argparse.Namespace) -> int:
    from grader.publish.github import write_repositories

    for path in write_repositories(options.out):
        print(path)
    return 0


def _classroom50(options: argparse.Namespace) -> int:
    from grader.publish.classroom50.bundle import MAX_BYTES, write_bundle

    published = write_bundle(options.out, options.torch_index)
    print(published.folder)
    print(options.out / "runtime.json")
    print(
        f"{published.packed_bytes / 1024:,.0f} KiB packed, of at most {MAX_BYTES // 1024:,}. "
        f"Everybody can read it: it marks {published.points} of {published.max_score:g} points, by "
        "the public checks alone. Mark in full with roster fetch and batch.",
        file=sys.stderr,
    )
    return 0


def _lab(options: argparse.Namespace) -> int:
    from grader.lab.folder import write_lab

    source = Path(options.offline) if options.offline else None
    published = write_lab(
        options.out,
        offline=options.offline is not None,
        source=source,
        data_dir=options.data_dir,
    )
    print(published.folder)
    parts = ", ".join(
        f"{name} {size / 1e6:.1f} MB" for name, size in published.sizes.items() if size
    )
    print(f"{parts}. To try it: python -m http.server --directory {options.out}", file=sys.stderr)
    return 0


def _autograder(options: argparse.Namespace) -> int:
    from grader.publish import autograder

    return autograder.rehearse(options.root) if options.rehearse else autograder.run(options.root)


def _fetch(options: argparse.Namespace) -> int:
    from grader.publish import fetch

    if options.pull_request and not options.repository:
        raise CannotGrade("--pull-request needs --repository, the repository that it targets")
    if options.repository:
        entries = [fetch.single(options.repository, options.pull_request or "")]
    else:
        entries = fetch.read_roster(options.roster)
    before = fetch.read_before(options.before) if options.before else None
    token = os.environ.pop("ROSTER_TOKEN", "")
    return fetch.fetch_all(entries, options.to, options.server, token, before)
