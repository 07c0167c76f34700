"""`python utils.py --quiz`: questions about one's own part 1 in the terminal."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import numpy as np

from assignment.captured import captured_checks
from assignment.checklist import nothing_written, submitted_source
from assignment.console import marks
from assignment.handles import LocalScript
from assignment.parts import PARTS
from assignment.questions import drafting
from assignment.questions.kinds import PUBLIC
from assignment.questions.question import Question
from assignment.questions.script import Script
from assignment.script_loading import loaded, source_of
from assignment.student_errors import describe_error

PART = PARTS["numpy_ann"]
ASKED = 3
WIDTH = 96
LETTERS = "ABCD"


def quiz(folder: Path) -> int:
    """Ask three questions about the numpy_ann.py of a folder.

    Returns 0 if questions were asked, 1 if the sections that they are about do not pass yet, 2 if
    there is no script that can be read.
    """
    path = submitted_source(folder, PART.name)
    if not path.is_file():
        print(f"error: {folder} holds no {PART.name}.py, expected your part 1", file=sys.stderr)
        return 2
    try:
        source = source_of(path)
        module = loaded(path, source)
    except (Exception, SystemExit) as error:
        print(f"error: {path.name} cannot be imported:", file=sys.stderr)
        print(describe_error(error), file=sys.stderr)
        return 2
    passed = {o.check.number for o, _ in captured_checks(PART, module) if o.status == "passed"}
    script = Script(PART.name, LocalScript(module, source).module, source)
    questions = _questions(script, passed)
    if not questions:
        needed = sorted({number for kind in PUBLIC for number in kind.needs[PART.name]} - passed)
        print(f"There is no question to ask yet: {', '.join(needed)} must pass their checks first.")
        check = f"python {path.name} --check" if path.suffix == ".py" else f"run {path.name}"
        print(nothing_written(folder) or f"Next: {check}")
        return 1
    _ask(questions)
    return 0


def _questions(script: Script, passed: set[str]) -> list[Question]:
    rng = np.random.default_rng()
    found: list[Question] = []
    for i in rng.permutation(len(PUBLIC)):
        kind = PUBLIC[i]
        if len(found) == ASKED or not passed.issuperset(kind.needs[script.name]):
            continue
        try:
            with np.errstate(all="ignore"):
                draft = drafting.chosen(kind.drafts(script, rng), rng)
        except Exception:  # of odd code: another kind is asked
            continue
        if draft is not None:
            section = kind.needs[script.name][-1]
            found.append(drafting.question(draft, kind.name, section, rng, ""))
    return found


def _ask(questions: list[Question]) -> None:
    good, bad, _ = marks()
    right = answered = 0
    for number, question in enumerate(questions, start=1):
        print("\n".join(_lines(question, f"Question {number} of {len(questions)}")))
        answer = _answer()
        if answer is None:
            break
        answered += 1
        is_right = answer == question.answer
        right += is_right
        key = LETTERS[question.answer]
        print(f"  {good} Right." if is_right else f"  {bad} {key} is right.")
        if not is_right and question.beliefs[answer]:
            print(_wrapped(f"{LETTERS[answer]} would be right if {question.beliefs[answer]}."))
        print(_wrapped(question.why) + "\n")
    print(f"{right} of {answered} right.")


def _lines(question: Question, head: str) -> list[str]:
    code = question.code
    lines = [f"{head}, {question.section}", "", _wrapped(question.text), ""]
    if code is not None:
        lines += [f"  {code.file}"]
        lines += [
            f"  {number:4}  {line}"
            for number, line in enumerate(code.source.split("\n"), start=code.line)
        ]
        lines.append("")
    lines += [f"  {LETTERS[i]}  {option}" for i, option in enumerate(question.options)]
    return [*lines, ""]


def _answer() -> int | None:
    """The number of the chosen option; None at the end of the input."""
    while True:
        try:
            said = input("Your answer (A to D, Enter to stop): ").strip().upper()
        except EOFError:
            print()
            return None
        if not said:
            return None
        if len(said) == 1 and said in LETTERS:
            return LETTERS.index(said)
        print(f"  {said[:20]!r} is none of A, B, C and D.")


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="  ")
