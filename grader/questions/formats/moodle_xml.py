"""Questions in Moodle XML, which also carries pictures as files and a number for each question.

As Moodle's own importer reads it (question/format/xml/format.php).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

from markupsafe import Markup

from assignment.questions.question import Question
from grader.questions.formats.figures import Picture
from grader.questions.formats.fragments import feedback_html, option_html, question_html
from grader.questions.formats.paper import Paper
from grader.questions.formats.words import reference, shown

_CATEGORY = """\
<question type="category">
<category><text>$course$/top/Own code/{}</text></category>
<info format="plain_text"><text>{}</text></info>
</question>"""
# shuffleanswers is false: the position of the key is drawn, and letters mean the same everywhere
_QUESTION = """\
<question type="multichoice">
<name><text>{name}</text></name>
<questiontext format="html"><text>{text}</text>{files}</questiontext>
<generalfeedback format="html"><text></text></generalfeedback>
<defaultgrade>1</defaultgrade>
<penalty>0</penalty>
<hidden>0</hidden>
<idnumber>{id}</idnumber>
<single>true</single>
<shuffleanswers>false</shuffleanswers>
<answernumbering>ABCD</answernumbering>
<correctfeedback format="html"><text></text></correctfeedback>
<partiallycorrectfeedback format="html"><text></text></partiallycorrectfeedback>
<incorrectfeedback format="html"><text></text></incorrectfeedback>
{answers}
<tags><tag><text>{kind}</text></tag><tag><text>{section}</text></tag></tags>
</question>"""
_ANSWER = """\
<answer fraction="{}" format="html"><text>{}</text>
<feedback format="html"><text>{}</text></feedback></answer>"""


def moodle_xml(papers: Iterable[Paper]) -> str:
    """The questions of all papers, each paper in a category of its own."""
    entries = []
    for paper in papers:
        entries.append(Markup(_CATEGORY).format(paper.stem, shown(paper.name)))
        entries += [_entry(question, paper) for question in paper.asked.questions]
    return '<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n' + "\n".join(entries) + "\n</quiz>\n"


def _entry(question: Question, paper: Paper) -> Markup:
    pictures = paper.pictures[question.id]
    text = question_html(question, pictures, lambda picture: f"@@PLUGINFILE@@/{picture.name}")
    answers = [
        Markup(_ANSWER).format(
            100 if option == question.answer else 0,
            str(option_html(said)),  # as text: HTML inside the XML is escaped once more
            str(feedback_html(question, option)),
        )
        for option, said in enumerate(question.options)
    ]
    return Markup(_QUESTION).format(
        name=f"{shown(question.kind)}: {reference(question)}",
        text=str(text),
        files=Markup("").join(map(_file, pictures)),
        id=shown(question.id),
        answers=Markup("\n").join(answers),
        kind=shown(question.kind),
        section=shown(question.section),
    )


def _file(picture: Picture) -> Markup:
    content = base64.b64encode(picture.content).decode()
    file = '<file name="{}" path="/" encoding="base64">{}</file>'
    return Markup(file).format(picture.name, content)
