"""The answers of a class: lines for the terminal, a table, and a page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assignment.files import write_atomically
from grader.classroom.reports.cells import Cell
from grader.exam.answers import Answer, Fix
from grader.exam.record import Exam
from grader.exam.sheets import as_csv, what_is_wrong
from grader.report.student_page import environment
from grader.report.text import one_line
from grader.rules import Weights

PAGE, TABLE = "results.html", "results.csv"
WEIGHTED = ("submission %", "exam %", "mark %")
HEAD = ("id", "name", "mistakes", "fixed", "not fixed", "newly broken", "remarks")


def lines(answers: Sequence[Answer]) -> list[str]:
    """A line for each student: what was fixed, what was not, what is newly broken."""
    width = max((len(one_line(answer.name)) for answer in answers), default=0)
    return [f"{one_line(answer.name):<{min(width, 40)}}  {_outcome(answer)}" for answer in answers]


def _outcome(answer: Answer) -> str:
    parts = [f"{answer.fixed} of {len(answer.fixes)} fixed"] if answer.handed_in else []
    parts += [in_words(fix) for fix in answer.fixes if answer.handed_in and fix.state != "fixed"]
    parts += [f"newly broken: {', '.join(answer.broken)}"] if answer.broken else []
    return one_line("; ".join([*parts, *answer.remarks]))


def in_words(fix: Fix) -> str:
    """What became of a mistake, such as "1.6 backward-sign still there"."""
    mistake = fix.put_in.mistake
    found = f" ({', '.join(fix.found) or 'no known mistake'})" if "otherwise" in fix.state else ""
    return f"{mistake.section} {mistake.id} {fix.state}{found}"


def write(
    out: Path, exam: Exam, answers: Sequence[Answer], title: str, weights: Weights | None
) -> list[Path]:
    """The table and the page, written into `out`; with `weights`, one mark too. Raises OSError."""
    rows: list[list[Cell]] = [[*HEAD, *WEIGHTED] if weights else list(HEAD)]
    for answer in answers:
        open_ones = [in_words(fix) for fix in answer.fixes if fix.state != "fixed"]
        rows.append([
            answer.id, answer.name, float(len(answer.fixes)), float(answer.fixed),
            "; ".join(open_ones), ", ".join(answer.broken), "; ".join(answer.remarks),
            *_marks(answer, weights),
        ])  # fmt: skip
    write_atomically(out / TABLE, as_csv(rows).encode("utf-8-sig"))
    page = environment().get_template("exam_results.html").render(
        title=title, answers=answers, exam=exam, in_words=in_words, what_is_wrong=what_is_wrong,
        weights=weights,
    )  # fmt: skip
    write_atomically(out / PAGE, page.encode())
    return [out / PAGE, out / TABLE]


def _marks(answer: Answer, weights: Weights | None) -> list[Cell]:
    if weights is None:
        return []
    shares = (answer.hand_in, answer.share, answer.weighted(weights))
    return [round(100 * share, 1) for share in shares]
