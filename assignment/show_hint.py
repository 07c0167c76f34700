"""`--hint`: the hints for one section, one more each time it is called."""

from __future__ import annotations

import hashlib
import json
import stat
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

from assignment.captured import captured_checks
from assignment.console import marks
from assignment.files import write_atomically
from assignment.hints import NOT_WRITTEN, RUNGS, Ladder, are_given, ladder
from assignment.parts import Part, section_hints
from assignment.section_checks import CHECKS, Outcome

STATE = ".hints.json"  # beside the script: how many hints each section has been given
MAX_STATE = 10_000  # bytes; a note of all sections has 500
WIDTH = 96


def sections_with_hints(part: Part) -> list[str]:
    """The numbers of a script's sections, also of those that only marking checks."""
    checked = [check.number for check in CHECKS[part.name]]
    others = [number for number in section_hints() if number.startswith(f"{part.number}.")]
    return sorted({*checked, *others})


def show_hint(part: Part, module: ModuleType, asked: str, *, verbose: bool = False) -> int:
    """Print the next hint for the section `asked`, or for the first that fails if that is "".

    Returns the exit status: 0 if the section, or all of them, passed; else 1.
    """
    print(f"{part.title}\n")
    outcomes = _outcomes(part, module, asked, verbose=verbose)
    last = outcomes[-1] if outcomes else None
    folder = Path(getattr(module, "__file__", None) or "script.py").resolve().parent
    passed = [outcome.check.number for outcome in outcomes if outcome.status == "passed"]
    if not asked and (last is None or last.status == "passed"):
        _count(folder, passed, "", "", 0)
        print("Every section passes its public checks, so there is no hint to show. Marking uses")
        print(f"more inputs: {_call(part, module, passed[-1])} shows the hints of a section.")
        return 0
    number = asked or outcomes[-1].check.number
    shown = last if last is not None and last.check.number == number else None
    print("\n".join(_head(number, shown)))
    hints = hints_of(number, shown)
    verdict = "\n".join([shown.status, *_failure(shown)]) if shown else ""
    count = _count(folder, passed, number, verdict, len(hints))
    _print_hints(hints, count, _call(part, module, asked))
    return 0 if shown and shown.status == "passed" else 1


def _outcomes(part: Part, module: ModuleType, asked: str, *, verbose: bool) -> list[Outcome]:
    """The outcomes up to the section that is asked for, or up to the first that did not pass."""
    outcomes = []
    if asked and asked not in {check.number for check in CHECKS[part.name]}:
        return []
    for outcome, _ in captured_checks(part, module, verbose=verbose):
        outcomes.append(outcome)
        if outcome.check.number == asked or (not asked and outcome.status != "passed"):
            break
    return outcomes


def _failure(outcome: Outcome) -> list[str]:
    """What failed, without hints."""
    return [str(outcome.failure)] if outcome.failure is not None else outcome.error.splitlines()


def _head(number: str, outcome: Outcome | None) -> list[str]:
    good, bad, none = marks()
    if outcome is None:
        title, _ = section_hints()[number]
        return [f"  {none} {number} {title}: none of the section checks"]
    mark = {"passed": good, "failed": bad}.get(outcome.status, none)
    remark = "" if outcome.status == "failed" else outcome.remark
    head = f"  {mark} {number} {outcome.check.title:<24} {remark}".rstrip()
    lines = [head, *(f"      {line}" for line in _failure(outcome))]
    if outcome.status == "passed" and number in section_hints():
        lines.append("      It passes the public checks. If marking found a mistake in it:")
    return lines


def hints_of(number: str, outcome: Outcome | None) -> Ladder:
    """The hints for an outcome; what the check itself says is part of the first."""
    if not are_given():
        return ()
    own = section_hints().get(number, ("", ()))[1]
    if outcome is None or outcome.status in ("passed", "waiting"):
        return own
    if outcome.status == "not written":
        return ladder([NOT_WRITTEN], own)
    if outcome.failure is None:
        return ladder(["raises"], own)
    first, *others = ladder(outcome.failure.kinds, own) or ("",)
    said = " ".join(dict.fromkeys(filter(None, [*outcome.failure.hints, first])))
    return (said, *others) if said else ()


def _call(part: Part, module: ModuleType, section: str) -> str:
    """What shows the next hint for a section, or for the first that fails if that is "".

    In a notebook `python` would look at the script beside it.
    """
    words = ["--hint", *filter(None, [section])]
    if getattr(module, "__file__", None):
        return f"python {part.name}.py {' '.join(words)}"
    return f"main({json.dumps(words)})"


def _print_hints(hints: Ladder, count: int, call: str) -> None:
    for number, hint in enumerate(hints[:count], start=1):
        step = f", {RUNGS[number - 1]}" if len(hints) == len(RUNGS) else ""
        print(f"\nHint {number} of {len(hints)}{step}:")
        print(textwrap.fill(hint, WIDTH, initial_indent="  ", subsequent_indent="  "))
    if not hints:
        print("\nThere is no hint for this section.")
    elif count < len(hints):
        print(f"\nNext hint: {call}")
    else:
        print("\nThat was the last hint.")


def _count(folder: Path, passed: list[str], number: str, verdict: str, most: int) -> int:
    """How many hints to show: one more than before, from 1 again if the verdict has changed.

    Only the first, with a word about why, where this cannot be noted.
    """
    path = folder / STATE
    before = _noted(path)
    notes = {key: note for key, note in before.items() if key not in passed or key == number}
    count = 0
    if number and most:
        digest = hashlib.sha256(verdict.encode("utf-8", "replace")).hexdigest()[:16]
        note = notes.get(number)
        told = note[1] if note is not None and note[0] == digest else 0
        count = min(told + 1, most)
        notes[number] = [digest, count]
    if notes == before:
        return count
    reason = _problem(path)
    try:
        if not reason:
            write_atomically(path, f"{json.dumps(notes)}\n".encode())
    except OSError as error:
        reason = error.strerror or str(error)
    if reason:
        print(f"\n{path} cannot be written ({reason}), so only the first hint is shown.")
        return min(1, most)
    return count


def _problem(path: Path) -> str:
    """Why a path is not to be read or written; "" for a regular file, or none.

    A folder that somebody hands on may hold a link in its place, to any file of whoever runs this.
    """
    try:
        there = path.lstat()
    except OSError:
        return ""
    if not stat.S_ISREG(there.st_mode):
        return "it is no regular file"
    return "it is too large" if there.st_size > MAX_STATE else ""


def _noted(path: Path) -> dict[str, list[Any]]:
    """The notes of earlier calls: verdict and number of hints by section; {} if there are none."""
    try:
        found = {} if _problem(path) else json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    notes = found if isinstance(found, dict) else {}
    return {number: note for number, note in notes.items() if _is_note(note)}


def _is_note(note: Any) -> bool:
    return isinstance(note, list) and [type(part) for part in note] == [str, int] and note[1] > 0
