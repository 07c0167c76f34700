"""The pictures of a question: learning curves of the marking, and official test images.

A question names them in its evidence, as question_set.py says.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field

from markupsafe import Markup

from assignment.questions.question import Question
from grader.report import charts
from grader.report.pictures import OfficialImages
from grader.results import Report
from grader.sections import SCRIPTS

MOST_IMAGES = 8  # of one question
SIZE = 112  # pixels of a test image on a page: four times its own
ELSEWHERE = "The picture of this question is missing here: ask for it before you answer."
# style.css colours the charts of a page; a picture of its own has to bring the colours along
_STYLE = (
    "<style>text{font:12px sans-serif;fill:#1b1f24}.grid{stroke:#c9d0d8}.axis{stroke:#1b1f24}"
    ".bar{stroke:#59626d;stroke-dasharray:5 4;stroke-width:1.5}</style>"
    '<rect width="100%" height="100%" fill="#ffffff"/>'
)


@dataclass(frozen=True)
class Picture:
    """A picture: the name of its file, its type and content, and what it shows in words.

    `drawing` is an SVG that takes the colours of a page, "" for an image of `pixels`.
    """

    name: str
    type: str
    content: bytes
    words: str
    width: int
    height: int
    drawing: Markup = field(default_factory=Markup)

    @property
    def uri(self) -> str:
        """The picture as a data URI."""
        return f"data:{self.type};base64,{base64.b64encode(self.content).decode()}"


def has_figure(question: Question) -> bool:
    """Whether the question is about a picture."""
    return bool(question.evidence.get("figure"))


def pictures_of(
    question: Question, report: Report | None, images: OfficialImages
) -> tuple[Picture, ...]:
    """The pictures of a question; none if it has none or if they are not available."""
    kind, _, names = str(question.evidence.get("figure", "")).partition(":")
    if kind == "curves" and names in SCRIPTS:
        return _curves(question, names, report)
    if kind == "images":
        return _images(question, names, images)
    return ()


def _curves(question: Question, script: str, report: Report | None) -> tuple[Picture, ...]:
    training = None if report is None else report.trainings.get(script)
    curves = {} if training is None else training.curves
    if not curves:
        return ()
    losses = charts.training_and_validation(curves["train_losses"], curves["val_losses"])
    accuracies = charts.training_and_validation(
        curves["train_accuracies"], curves["val_accuracies"], 100
    )
    drawings = [
        charts.line_chart("Loss", "nats", losses),
        charts.line_chart("Accuracy", "%", accuracies),
    ]
    words = ("Learning curves: loss", "Learning curves: accuracy")
    return tuple(
        Picture(
            f"{_safe(question.id)}-{number}.svg",
            "image/svg+xml",
            _standalone(drawing),
            said,
            charts.WIDTH,
            charts.HEIGHT,
            drawing,
        )
        for number, (drawing, said) in enumerate(zip(drawings, words, strict=True), start=1)
        if drawing.startswith("<svg")  # a sentence, where no value can be drawn
    )


def _standalone(drawing: Markup) -> bytes:
    """A chart as a file of its own."""
    tag, _, rest = str(drawing).partition(">")
    tag = tag.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return f"{tag}>{_STYLE}{rest}".encode()


def _images(question: Question, names: str, images: OfficialImages) -> tuple[Picture, ...]:
    numbers = [int(one) for one in re.findall(r"\d{1,5}", names)][:MOST_IMAGES]
    uris = [images.uri(number) for number in numbers]
    if not all(uris):
        return ()
    return tuple(
        Picture(
            f"{_safe(question.id)}-{place}.png",
            "image/png",
            base64.b64decode(uri.partition(",")[2]),
            f"Test image {number}",
            SIZE,
            SIZE,
        )
        for place, (number, uri) in enumerate(zip(numbers, uris, strict=True), start=1)
    )


def _safe(text: str) -> str:
    """The letters and digits of a question's id, for the name of a file."""
    return re.sub(r"[^A-Za-z0-9]", "", text)[:40] or "question"
