"""What every format is made from: one student's questions, with their pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from grader.questions.formats.figures import Picture, pictures_of
from grader.questions.question_set import QuestionSet
from grader.report.pictures import OfficialImages
from grader.results import Report


@dataclass(frozen=True)
class Paper:
    """The questions of one student.

    `name` is shown and may be any text. `stem` names files and categories: lower-case letters,
    digits and hyphens, unique in a class. `pictures` are by the questions' ids.
    """

    asked: QuestionSet
    name: str
    stem: str
    pictures: Mapping[str, tuple[Picture, ...]]


def paper_of(
    asked: QuestionSet, name: str, stem: str, report: Report | None, images: OfficialImages
) -> Paper:
    """The questions with the pictures that they are about, as far as these are available."""
    pictures = {one.id: pictures_of(one, report, images) for one in asked.questions}
    return Paper(asked, name, stem, pictures)
