"""The pages: a quiz for the browser, with or without the key, and the sheet for a talk.

Self-contained as all pages of the grader: no network, and only the script that belongs to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader
from markupsafe import Markup

from assignment.questions.question import Question
from grader.questions.formats.figures import ELSEWHERE, has_figure
from grader.questions.formats.follow_ups import follow_ups
from grader.questions.formats.paper import Paper
from grader.questions.formats.words import LETTERS, numbered, reference, shown, where
from grader.questions.formats.words import wrong_in_words as shows
from grader.report.highlighting import highlighted
from grader.report.own_code import Code
from grader.report.student_page import TEMPLATES, csp_hash, environment, source

OWN = Path(__file__).parent.parent / "templates"


@cache
def _environment() -> Environment:
    """The environment of all pages, with the templates and the style of these."""
    made = environment().overlay(loader=ChoiceLoader([FileSystemLoader(OWN), _pages()]))
    style = Markup(source("style.css") + _own("questions.css"))
    made.globals = made.globals | {"style": style, "style_hash": csp_hash(style)}
    return made


def _pages() -> FileSystemLoader:
    return FileSystemLoader(TEMPLATES)


@cache
def _own(name: str) -> Markup:
    return Markup((OWN / name).read_text(encoding="utf-8"))


def quiz(paper: Paper, *, with_key: bool) -> str:
    """The quiz as a page. `with_key`: it says why after each answer, so its source has the key."""
    script = _own("quiz.js")
    return (
        _environment()
        .get_template("quiz.html")
        .render(
            name=paper.name,
            submission=shown(paper.asked.submission),
            seed=paper.asked.seed,
            file=f"answers-{paper.stem}.json",
            with_key=with_key,
            questions=_shown(paper),
            script=script,
            script_hash=csp_hash(script),
        )
    )


def sheet(papers: Sequence[Paper]) -> str:
    """The sheet for a talk with each student: the questions, and the key on a page of its own."""
    title = papers[0].name if len(papers) == 1 else f"{len(papers)} students"
    filled = [{"name": paper.name, "questions": _shown(paper)} for paper in papers]
    return _environment().get_template("sheet.html").render(title=title, papers=filled)


def _shown(paper: Paper) -> list[dict[str, Any]]:
    """The questions as the templates show them."""
    return [
        {
            "id": shown(question.id),
            "kind": question.kind,
            "section": question.section,
            "reference": reference(question),
            "text": shown(question.text),
            "html": _code(question),
            "where": where(question),
            "pictures": paper.pictures[question.id],
            "elsewhere": ELSEWHERE if has_figure(question) else "",
            "key": LETTERS[question.answer],
            "right": shown(question.key),
            "why": shown(question.why),
            "follow_ups": follow_ups(question.kind),
            "options": [
                {
                    "letter": LETTERS[option],
                    "text": shown(text),
                    "is_right": option == question.answer,
                    "shows": shows(question, option),
                }
                for option, text in enumerate(question.options)
            ],
        }
        for question in paper.asked.questions
    ]


def _code(question: Question) -> Markup:
    rows = numbered(question)
    if not rows or question.code is None:
        return Markup()
    lines = tuple(line for _, line in rows)
    return highlighted(Code(question.code.file, rows[0][0], lines, {}))
