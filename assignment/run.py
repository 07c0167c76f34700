"""The run that the three scripts share: check the sections, then train, test and plot."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from types import ModuleType

from assignment.captured import captured_checks
from assignment.console import marks
from assignment.ending import ended_well
from assignment.fingerprint import fingerprint_of
from assignment.foreign_imports import import_findings
from assignment.observing import lazy_dynamo
from assignment.parts import PARTS, Part
from assignment.problems import script_problems, source_of
from assignment.section_checks import Outcome
from assignment.settings import Settings, parse_options, settings_of
from assignment.show_hint import show_hint
from assignment.training import CannotRun, prepared, train_and_test


def run_part(name: str, module: ModuleType, arguments: list[str] | None = None) -> int:
    """The exit status of a script, after checking its sections, training, testing and plotting.

    0: every section is written and the bar is met; 1: not yet; 2: no data, no such device, or
    nowhere to write the plot; 130: stopped by Ctrl-C.
    """
    part = PARTS[name]
    options = parse_options(part, module, arguments)
    if "torch" in sys.modules:
        lazy_dynamo.install()  # as in marking: an optimizer takes a second less to be made
    return ended_well(lambda: _run(part, module, options))


def _run(part: Part, module: ModuleType, options: argparse.Namespace) -> int:
    if options.hint is not None:
        return show_hint(part, module, options.hint, verbose=options.verbose)
    # taken now: the file may be edited while it trains
    fingerprint, source = fingerprint_of(module), source_of(module)
    imports = import_findings(part.name, f"{part.name}.py", source)
    problems = [*imports.problems, *script_problems(part, module, source)]
    print(f"{part.title}\n\nSection checks")
    outcomes = print_checks(part, module, verbose=options.verbose)
    for problem in problems:
        print(f"  {marks()[1]} {problem}")
    for remark in imports.remarks:
        print(f"  {marks()[2]} {remark}")
    again = f"run python {part.name}.py" if source else "run the last cell"
    before = before_training(outcomes, problems)
    if before:
        print(f"\nNext: {before}, then {again} again.")
        return 1
    judged = all(outcome.status == "passed" for outcome in outcomes)
    if options.check:
        if judged:
            print("\nPublic checks passed. Marking uses more inputs, and different ones.")
            return 0
        print(f"\nNext: {again} without --check, look at the curves, then {_task(outcomes[-1])}.")
        return 1
    settings = settings_of(options, module)
    try:
        run = prepared(part, module, settings, fingerprint)
    except CannotRun as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    bar_met = train_and_test(part, module, settings, run)
    if bar_met:
        print(f"Next: {_next(part, settings, outcomes, judged=judged, again=again)}.")
    return 0 if bar_met and judged else 1


def before_training(outcomes: Sequence[Outcome], problems: Sequence[str]) -> str:
    """What to do before the network can be trained, "" if nothing is in the way."""
    missing = [outcome for outcome in outcomes if outcome.status != "passed"]
    if any(not outcome.check.after_training for outcome in missing):
        return _task(missing[0])
    return "fix what is marked above" if problems else ""


def _next(
    part: Part, settings: Settings, outcomes: list[Outcome], *, judged: bool, again: str
) -> str:
    """What to do after a run that has met the bar."""
    judge = "" if judged else f"set JUDGEMENT ({outcomes[-1].check.number}), then "
    if not settings.changed:
        read = f"read the curves in {part.plot_file}, " if judge else ""
        return f"{read}{judge}{part.next_step}"
    write = ""
    if settings.to_write:
        write = f"marking uses the script's own settings: {settings.to_write}, then "
    then = f"read the curves, {judge}" if judge else "then "
    return f"{write}{again} without options, {then}{part.next_step}"


def print_checks(part: Part, module: ModuleType, *, verbose: bool = False) -> list[Outcome]:
    """The outcomes of the checks, each printed as it ends, with details of those that failed."""
    good, bad, none = marks()
    shown = {"passed": good, "failed": bad}
    outcomes = []
    for outcome, printed in captured_checks(part, module, verbose=verbose):
        mark, check = shown.get(outcome.status, none), outcome.check
        print(f"  {mark} {check.number} {check.title:<24} {outcome.remark}".rstrip(), flush=True)
        details = [*(outcome.lines if outcome.status == "failed" else []), printed]
        print("".join(f"      {line}\n" for line in details if line), end="")
        outcomes.append(outcome)
    return outcomes


def _task(outcome: Outcome) -> str:
    """What to do about a section that is not right yet."""
    verb = "write" if outcome.status == "not written" else "fix"
    return f"{verb} {outcome.check.number} {outcome.check.title}"
