"""`CheckFailed`, which says what came and what was expected. Needs the standard library alone."""

from __future__ import annotations


class CheckFailed(AssertionError):
    """An answer is wrong. Every part is a field of its own, so that nobody reads one out of a sentence.

    `got` is what came, `expected` what should have come ("" where there is no such thing), `where` the place of
    the first difference, `hints` a ladder from where to look to almost the answer. `kind` is the id of the mistake,
    "wrong-type", "wrong-shape", "not-finite" or "changes-input" among them, "" where the check knows none.
    """

    def __init__(
        self, got: str, expected: str = "", *, where: str = "", hint: str = "", kind: str = ""
    ):
        super().__init__(sentence(got, expected, where))
        self.got, self.expected, self.where, self.kind = got, expected, where, kind
        self.hints = (hint,) if hint else ()


def sentence(got: str, expected: str = "", where: str = "") -> str:
    """The parts as one sentence, for people.

    >>> sentence("relu(z)[1] is -3", "0", "z[1] is -3 (2 of 4 values differ)")
    'relu(z)[1] is -3, expected 0 where z[1] is -3 (2 of 4 values differ).'
    """
    text = got + (f", expected {expected}" if expected else "")
    text += f" where {where}" if where else ""
    return f"{text}." if text else ""
