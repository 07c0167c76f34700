"""A question as the HTML that platforms take, which is well-formed XML too."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup, escape

from assignment.questions.question import Question
from grader.questions.formats.figures import ELSEWHERE, Picture, has_figure
from grader.questions.formats.words import numbered, reference, shown, where, wrong_in_words

# What a picture's address is: a data URI, or a file of the platform's own.
Address = Callable[[Picture], str]


def question_html(question: Question, pictures: Sequence[Picture], address: Address) -> Markup:
    """The question without its options: text, code with line numbers, pictures, its number."""
    parts = [Markup("<p>{}</p>").format(_lines(question.text))]
    if rows := numbered(question):
        width = len(str(rows[-1][0]))
        code = Markup("\n").join(escape(f"{number:>{width}}  {line}") for number, line in rows)
        parts.append(Markup("<p>{}</p>").format(where(question)))
        parts.append(Markup("<pre>{}</pre>").format(code))
    for picture in pictures:
        image = '<p><img src="{}" alt="{}" width="{}" height="{}" /></p>'
        size = (picture.width, picture.height)
        parts.append(Markup(image).format(address(picture), picture.words, *size))
    if has_figure(question) and not pictures:
        parts.append(Markup("<p>{}</p>").format(ELSEWHERE))
    parts.append(Markup("<p><small>{}</small></p>").format(reference(question)))
    return Markup("\n").join(parts)


def option_html(text: str) -> Markup:
    """An option; one of several lines, such as an array, keeps its columns."""
    safe = shown(text)
    if "\n" in safe or "  " in safe:
        return Markup("<pre>{}</pre>").format(safe)
    return Markup("<p>{}</p>").format(safe)


def feedback_html(question: Question, option: int) -> Markup:
    """What is said to who chose an option: why, and for a wrong one what it would mean."""
    said = [wrong_in_words(question, option), shown(question.why)]
    return Markup("").join(Markup("<p>{}</p>").format(_lines(text)) for text in said if text)


def _lines(text: str) -> Markup:
    """The text with its line ends."""
    return Markup("<br />").join(escape(line) for line in shown(text).split("\n"))
