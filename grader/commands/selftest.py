"""`grader selftest`: test the grader on this machine."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from grader.commands.arguments import SANDBOX_HELP
from grader.errors import CannotGrade

FAILING = "selftest-mutants"  # the folder for mutants that are not held


def add(commands: Any) -> None:
    """Add this command to the command line."""
    selftest = commands.add_parser(
        "selftest",
        description="Mark the reference, the stubs and a set of cheats. "
        "Exit status 0 if each earns what it should.",
    )
    selftest.add_argument(
        "--quick", action="store_true", help="a few cheats and no training: a few seconds"
    )
    selftest.add_argument("--sandbox", default="auto", metavar="LEVEL", help=SANDBOX_HELP)
    selftest.add_argument(
        "--mutations",
        type=_count,
        metavar="N",
        help="mark N altered forms of the cheats instead: about a second each",
    )
    selftest.add_argument(
        "--seed", type=int, metavar="N", help="seed of the mutations (default: a fresh one)"
    )
    selftest.add_argument(
        "--jobs", type=_count, default=1, metavar="N", help="mutants marked at once (default: 1)"
    )
    selftest.add_argument(
        "--out",
        type=Path,
        default=Path(FAILING),
        metavar="DIR",
        help=f"folder for mutants that are not held (default: {FAILING})",
    )
    selftest.set_defaults(run=run)


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return number


def run(options: argparse.Namespace) -> int:
    """Run every case; returns 0 if each comes out as expected, else 1."""
    from grader.sandbox.levels import choose
    from grader.selftest import cases as selftest

    _expect_options_that_go_together(options)
    print(f"sandbox: {choose(options.sandbox).words}\n")
    if options.mutations:
        return _run_mutants(options)
    outcomes = []
    for outcome in selftest.run(options.sandbox, quick=options.quick):
        print(f"{outcome.name} …", file=sys.stderr, flush=True)
        outcomes.append(outcome)
    print(selftest.table(outcomes))
    wrong = sum(bool(outcome.problem) for outcome in outcomes)
    print(f"\n{len(outcomes) - wrong} of {len(outcomes)} as expected")
    return 0 if wrong == 0 else 1


def _expect_options_that_go_together(options: argparse.Namespace) -> None:
    given = options.seed is not None or options.jobs != 1 or options.out != Path(FAILING)
    if given and not options.mutations:
        raise CannotGrade("--seed, --jobs and --out belong to --mutations, which is missing")
    if options.quick and options.mutations:
        raise CannotGrade("--quick and --mutations exclude each other")


def _run_mutants(options: argparse.Namespace) -> int:
    import secrets

    from grader.selftest import mutation_run
    from grader.selftest.cases import CHEATS
    from grader.selftest.mutants import mutants, read_cheats

    seed = secrets.randbits(32) if options.seed is None else options.seed
    chosen = list(mutants(read_cheats(CHEATS), options.mutations, seed))
    print(f"{len(chosen)} mutants, seed {seed}\n", flush=True)
    outcomes: list[mutation_run.MutantOutcome] = []
    interrupted = False
    try:
        for outcome in mutation_run.run(chosen, options.sandbox, seed, options.jobs):
            outcomes.append(outcome)
            state = f"NOT HELD: {outcome.problem}" if outcome.problem else outcome.evidence
            print(
                f"{len(outcomes)}/{len(chosen)} {outcome.mutant.recipe}: {state}",
                file=sys.stderr,
                flush=True,
            )
    except KeyboardInterrupt:
        interrupted = True
    if outcomes:
        print(f"{mutation_run.table(outcomes)}\n\n{mutation_run.summary(outcomes)}")
    failed = sum(bool(outcome.problem) for outcome in outcomes)
    if failed:
        mutation_run.write_failing(outcomes, options.out)
        print(f"{failed} not held: see {options.out}")
    if interrupted:
        raise KeyboardInterrupt(
            f"{len(outcomes)} of {len(chosen)} mutants were marked, {failed} of them not held"
        )
    return 1 if failed else 0
