"""`grader selftest`: test the grader on this machine."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from grader.options import SANDBOX_HELP


def add(commands: Any) -> None:
    """Add this command to the command line."""
    selftest = commands.add_parser(
        "selftest",
        help="test the grader on this machine",
        description="Mark the reference, the stubs and a set of cheats. "
        "Exit status 0 if each earns what it should.",
    )
    selftest.add_argument(
        "--quick", action="store_true", help="a few cheats and no training: a few seconds"
    )
    selftest.add_argument("--sandbox", default="auto", metavar="LEVEL", help=SANDBOX_HELP)
    selftest.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run every case; returns 0 if each comes out as expected, else 1."""
    from grader.sandbox.levels import choose
    from grader.selftest import cases as selftest

    print(f"sandbox: {choose(options.sandbox).words}\n")
    outcomes = []
    for outcome in selftest.run(options.sandbox, quick=options.quick):
        print(f"{outcome.name} …", file=sys.stderr, flush=True)
        outcomes.append(outcome)
    print(selftest.table(outcomes))
    wrong = sum(bool(outcome.problem) for outcome in outcomes)
    print(f"\n{len(outcomes) - wrong} of {len(outcomes)} as expected")
    return 0 if wrong == 0 else 1
