"""`CheckFailed`, which says what came and what was expected."""

from __future__ import annotations

import builtins
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assignment.entries import Entries


class CheckFailed(AssertionError):
    """An answer is wrong. Every part of the message is a field; nothing reads it out of a sentence.

    `got` is what came and `expected` what should have come ("" if nothing can be named); each reads
    well alone. `where` is the place of the first difference. `hints` lead from where to look to
    almost the answer. `kind` is the id of the mistake, for example "wrong-type", "wrong-shape",
    "not-finite" or "changes-input"; "" if the check knows none. `kinds` are the ids of all mistakes
    where one answer shows several.

    An answer of several parts may earn credit for those that are right: `parts` says which are.
    `wrong` marks the wrong entries of arrays, by name.
    """

    def __init__(
        self, got: str, expected: str = "", *, where: str = "", hint: str = "", kind: str = ""
    ):
        super().__init__(sentence(got, expected, where))
        self.got, self.expected, self.where, self.kind = got, expected, where, kind
        self.hints: tuple[str, ...] = (hint,) if hint else ()
        self.kinds: tuple[str, ...] = (kind,) if kind else ()
        self.parts: dict[str, bool] = {}
        self.wrong: dict[str, Entries] = {}


def together(failures: Sequence[CheckFailed]) -> CheckFailed:
    """Several failures of one section as one, in their order."""
    if len(failures) == 1:
        return failures[0]
    both = CheckFailed("; ".join(str(failure).rstrip(".") for failure in failures))
    both.kind = failures[0].kind
    both.kinds = tuple(dict.fromkeys(kind for failure in failures for kind in failure.kinds))
    both.hints = tuple(dict.fromkeys(hint for failure in failures for hint in failure.hints))
    both.wrong = {name: one for failure in failures for name, one in failure.wrong.items()}
    return both


def sentence(got: str, expected: str = "", where: str = "") -> str:
    """The parts as one sentence.

    >>> sentence("relu(z)[1] is -3", "0", "z[1] is -3 (2 of 4 values differ)")
    'relu(z)[1] is -3, expected 0 where z[1] is -3 (2 of 4 values differ).'
    """
    text = got + (f", expected {expected}" if expected else "")
    text += f" where {where}" if where else ""
    return f"{text}." if text else ""


QUOTED = re.compile("“[^”]*”")
FILE_NAME = re.compile(r"[\w.()/+-]{1,100}")  # one word
CODE_NAME = re.compile(r"[A-Za-z_]\w*(\.\w+){0,9}(?<!\w{50})", re.ASCII)
STATUS_WORDS = {"passed", "failed", "ok", "no", "error", "right", "total", "points"}


def quoted(text: object, limit: int = 60) -> str:
    """Words that the student chose, on one line, cut and in quotation marks of their own.

    Everything that a verdict says of a script's own names and texts goes through here, so that
    nothing else in it is a student's: a row of the score card leaves out what is quoted.

    >>> quoted("Total 100\\nof “100”")
    '“Total 100 of 100”'
    """
    printable = "".join(c if c.isprintable() else " " for c in str(text) if c not in "“”")
    words = " ".join(printable.split())
    return f"“{words if len(words) <= limit else words[: limit - 1] + '…'}”"


def without_quotes(text: str) -> str:
    """The text without the words of a student's that it quotes.

    >>> without_quotes('JUDGEMENT is “PASSED”, expected one of three words')
    'JUDGEMENT is “…”, expected one of three words'
    """
    return QUOTED.sub("“…”", text)


def named(text: object) -> str:
    """A name in a script's code as it is, such as "torch" or "layers.0.weight"; anything else quoted.

    Names come from workers, so they may be any text.

    >>> named("layers.0.weight"), named("PASSED"), named("Total 100")
    ('layers.0.weight', '“PASSED”', '“Total 100”')
    """
    name = str(text)
    plain = CODE_NAME.fullmatch(name) and not name.isupper() and name.lower() not in STATUS_WORDS
    return name if plain else quoted(name)


def file_named(path: object) -> str:
    """A file or folder that was handed in: its path if that is one word, else quoted.

    >>> file_named("work/ada.ipynb"), file_named("Total 100 points.ipynb")
    ('work/ada.ipynb', '“Total 100 points.ipynb”')
    """
    name = str(path)
    return name if FILE_NAME.fullmatch(name) and not name.isupper() else quoted(name, 100)


def raised_in_words(exception: str) -> str:
    """That the script raised, with the exception's type where it is one of Python's; "" for none.

    >>> raised_in_words("ValueError: Total 100 of 100 points")
    'your script raised a ValueError'
    >>> raised_in_words("PASSED: 7")
    'your script raised an exception'
    """
    if not exception:
        return ""
    name = exception.partition(":")[0]
    known = getattr(builtins, name, None) if name.isidentifier() else None
    if isinstance(known, type) and issubclass(known, BaseException):
        return f"your script raised {'an' if name[0] in 'AEIOU' else 'a'} {name}"
    return "your script raised an exception"
