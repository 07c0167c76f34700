"""What all formats say about a question, as plain text that is safe to show."""

from __future__ import annotations

import re

from assignment.questions.question import Question
from grader.feedback.misconceptions import CATALOGUE
from grader.report.text import plain

LETTERS = "ABCD"
# Valid in Python, but not in XML 1.0; control characters and surrogates are gone already.
_NOT_XML = re.compile("[\ufdd0-\ufdef\ufffe\uffff]")


def shown(text: str) -> str:
    """The text without what a page, an XML file or a terminal must not have."""
    return _NOT_XML.sub("\ufffd", plain(text))


def wrong_in_words(question: Question, option: int) -> str:
    """What choosing a wrong option would mean, in a sentence or two; "" for the right one.

    The sentence of the catalogue is added where it recognises the mistake.
    """
    if option == question.answer:
        return ""
    belief = shown(question.beliefs[option]).strip().rstrip(".")
    said = [f"This would be right if {belief}."] if belief else []
    advice = misconception_in_words(question.misconceptions[option])
    return " ".join([*said, *([f"A known mistake: {advice}"] if advice else [])])


def misconception_in_words(name: str) -> str:
    """The first sentence of the catalogue's advice on a mistake; "" for any other name."""
    advice = CATALOGUE[name].advice if name in CATALOGUE else ""
    first = advice.partition(". ")[0].removesuffix(".")
    return f"{first[:1].lower()}{first[1:]}." if first else ""


def reference(question: Question) -> str:
    """What a person or a platform's download names the question by.

    Platforms give questions numbers of their own, so this stands in the text of each.
    """
    return f"Question {shown(question.id)}"


def numbered(question: Question) -> list[tuple[int, str]]:
    """The lines of the question's code with their numbers; empty if it shows none."""
    if question.code is None:
        return []
    lines = shown(question.code.source).expandtabs(4).rstrip("\n").split("\n")
    return list(enumerate(lines, start=question.code.line))


def where(question: Question) -> str:
    """The file and the lines of the question's code, "" if it shows none."""
    lines = numbered(question)
    if question.code is None or not lines:
        return ""
    first, last = lines[0][0], lines[-1][0]
    which = f"line {first}" if first == last else f"lines {first} to {last}"
    return f"{shown(question.code.file)}, {which}"
