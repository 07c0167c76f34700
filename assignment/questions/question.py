"""One multiple-choice question, as it is written, shown and answered."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

OPTIONS = 4


@dataclass(frozen=True)
class Code:
    """Lines of the student's script: the first line's number, from 1, and the source itself."""

    file: str
    line: int
    source: str


@dataclass(frozen=True)
class Question:
    """A question with four options, of which `options[answer]` alone is right.

    `misconceptions` has one id of the catalogue for each option, or "". `beliefs` says for each
    wrong option what leads to it. `evidence` says how the key was computed, as JSON.
    """

    id: str
    kind: str
    section: str
    text: str
    code: Code | None
    options: tuple[str, ...]
    answer: int
    why: str
    misconceptions: tuple[str, ...]
    beliefs: tuple[str, ...]
    evidence: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The right option."""
        return self.options[self.answer]

    def to_json(self) -> dict[str, Any]:
        """The question as it stands in questions.json."""
        return asdict(self) | {
            name: list(getattr(self, name)) for name in ("options", "misconceptions", "beliefs")
        }


def question_from(fields: dict[str, Any]) -> Question:
    """The question that `to_json` wrote. Raises ValueError, which names the wrong field."""
    try:
        code = fields["code"]
        found = Question(
            id=_text(fields, "id"),
            kind=_text(fields, "kind"),
            section=_text(fields, "section"),
            text=_text(fields, "text"),
            code=None
            if code is None
            else Code(_text(code, "file"), int(code["line"]), _text(code, "source")),
            options=_texts(fields, "options"),
            answer=int(fields["answer"]),
            why=_text(fields, "why"),
            misconceptions=_texts(fields, "misconceptions"),
            beliefs=_texts(fields | {"beliefs": fields.get("beliefs", [""] * OPTIONS)}, "beliefs"),
            evidence=dict(fields["evidence"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"a field of a question is missing or wrong: {error}") from None
    if len(set(found.options)) != OPTIONS or not 0 <= found.answer < OPTIONS:
        raise ValueError(
            f"question {found.id}: expected {OPTIONS} different options and an answer 0 to 3"
        )
    return found


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise ValueError(f"{name} is {value!r}, expected text")
    return value


def _texts(fields: dict[str, Any], name: str) -> tuple[str, ...]:
    values = fields[name]
    if not isinstance(values, list) or len(values) != OPTIONS:
        raise ValueError(f"{name} is {values!r}, expected a list of {OPTIONS} texts")
    return tuple(_text({name: value}, name) for value in values)
