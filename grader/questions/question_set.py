"""The questions of one submission, and their JSON file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from assignment.questions.question import Question, question_from


@dataclass(frozen=True)
class QuestionSet:
    """Questions about the submission called `submission`, drawn with `seed`.

    A question about a picture says so in its evidence: "figure" is "curves:pytorch_ann" for the
    learning curves of a script's training, or "images:12,345" for official test images by number.
    """

    submission: str
    seed: int
    questions: tuple[Question, ...]

    def to_json(self) -> str:
        """As in questions.json."""
        fields: dict[str, Any] = {"submission": self.submission, "seed": self.seed}
        fields["questions"] = [question.to_json() for question in self.questions]
        return json.dumps(fields, indent=1)


def question_set_from(text: str) -> QuestionSet:
    """The questions that `to_json` wrote. Raises ValueError for any other text."""
    return question_set_of(json.loads(text))


def question_set_of(fields: Any) -> QuestionSet:
    """The questions with these fields, as read from JSON. Raises ValueError for others."""
    try:
        questions = tuple(question_from(entry) for entry in fields["questions"])
        return QuestionSet(str(fields["submission"]), int(fields["seed"]), questions)
    except (KeyError, TypeError) as error:
        raise ValueError(f"these are no questions: {error}") from None
