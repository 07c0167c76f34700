"""An answer as a file gives it, before it is known whose it is and to what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Who:
    """What a file says of a person: ids, and texts that may be an e-mail address or a name."""

    ids: tuple[str, ...]
    others: tuple[str, ...] = ()

    def __str__(self) -> str:
        return next(filter(None, [*self.ids, *self.others]), "nobody")


@dataclass(frozen=True)
class Given:
    """One answer. `where` names file and line.

    `question` is the question's id, "" where the file has none: then the answer has to say it.
    `answer` is the number of the option from 0, or a text: the option's letter, its number from 1,
    or what it says. `is_option` rules out letter and number, as in a platform's download.
    """

    who: Who
    question: str
    answer: int | str
    where: str
    is_option: bool = False


@dataclass(frozen=True)
class Unread:
    """A file, or a part of one, that holds no answers, and why."""

    where: str
    problem: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"
