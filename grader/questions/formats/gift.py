"""Questions in GIFT, the text format of Moodle's question bank.

Written as Moodle's own importer reads it (question/format/gift/format.php): an empty line ends a
question, a backslash takes the meaning from ~ = # { } and :, and stands for itself when doubled,
`\\n` is a line end, and a line that starts with // is a comment. A category is not unescaped, so
it has letters, digits and hyphens only. Pictures are data URIs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from assignment.questions.question import Question
from grader.questions.formats.fragments import feedback_html, option_html, question_html
from grader.questions.formats.paper import Paper
from grader.questions.formats.words import reference, shown

_SPECIAL = re.compile(r"[\\~=#{}:]")


def gift(papers: Iterable[Paper]) -> str:
    """The questions of all papers, each paper in a category of its own."""
    entries = []
    for paper in papers:
        entries.append(f"$CATEGORY: $course$/top/Own code/{paper.stem}")
        entries += [_entry(question, paper) for question in paper.asked.questions]
    return "\n\n".join(entries) + "\n"


def _entry(question: Question, paper: Paper) -> str:
    pictures = paper.pictures[question.id]
    text = question_html(question, pictures, lambda picture: picture.uri)
    options = [
        f"{'=' if option == question.answer else '~'}[html]{escaped(option_html(said))}"
        f"#[html]{escaped(feedback_html(question, option))}"
        for option, said in enumerate(question.options)
    ]
    name = escaped(f"{shown(question.kind)}: {reference(question)}")
    body = "\n".join(options)
    return f"::{name}::[html]{escaped(text)}{{\n{body}\n}}"


def escaped(text: str) -> str:
    r"""The text on one line, with a backslash before every sign that GIFT reads.

    >>> escaped("{'W1': dW1}\n# a ~ b")
    "\\{'W1'\\: dW1\\}\\n\\# a \\~ b"
    """
    safe = _SPECIAL.sub(lambda sign: f"\\{sign[0]}", str(text))
    return safe.replace("\r", "").replace("\n", "\\n")
