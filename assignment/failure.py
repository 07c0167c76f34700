"""`CheckFailed`, which says what came and what was expected."""

from __future__ import annotations

from collections.abc import Sequence


class CheckFailed(AssertionError):
    """An answer is wrong. Every part of the message is a field; nothing reads it out of a sentence.

    `got` is what came and `expected` what should have come ("" if nothing can be named); each reads
    well alone. `where` is the place of the first difference. `hints` lead from where to look to
    almost the answer. `kind` is the id of the mistake, for example "wrong-type", "wrong-shape",
    "not-finite" or "changes-input"; "" if the check knows none. `kinds` are the ids of all mistakes
    where one answer shows several.
    """

    def __init__(
        self, got: str, expected: str = "", *, where: str = "", hint: str = "", kind: str = ""
    ):
        super().__init__(sentence(got, expected, where))
        self.got, self.expected, self.where, self.kind = got, expected, where, kind
        self.hints: tuple[str, ...] = (hint,) if hint else ()
        self.kinds: tuple[str, ...] = (kind,) if kind else ()


def together(failures: Sequence[CheckFailed]) -> CheckFailed:
    """Several failures of one section as one, in their order."""
    if len(failures) == 1:
        return failures[0]
    both = CheckFailed("; ".join(str(failure).rstrip(".") for failure in failures))
    both.kind = failures[0].kind
    both.kinds = tuple(dict.fromkeys(kind for failure in failures for kind in failure.kinds))
    both.hints = tuple(dict.fromkeys(hint for failure in failures for hint in failure.hints))
    return both


def sentence(got: str, expected: str = "", where: str = "") -> str:
    """The parts as one sentence.

    >>> sentence("relu(z)[1] is -3", "0", "z[1] is -3 (2 of 4 values differ)")
    'relu(z)[1] is -3, expected 0 where z[1] is -3 (2 of 4 values differ).'
    """
    text = got + (f", expected {expected}" if expected else "")
    text += f" where {where}" if where else ""
    return f"{text}." if text else ""
