"""A strict reader of GIFT's multiple-choice questions, written from the format's description.

It shares nothing with the writer. Whatever the description does not allow raises ValueError.
"""

from __future__ import annotations

from dataclasses import dataclass

SPECIAL = "~=#{}:"


@dataclass
class Entry:
    category: str
    name: str
    text: str
    options: list[tuple[bool, str, str]]  # right or not, text, feedback


def read(source: str) -> list[Entry]:
    """The questions of a file, each with the category that stands above it."""
    found, category = [], ""
    for block in source.strip("\n").split("\n\n"):
        lines = [line for line in block.split("\n") if not line.strip().startswith("//")]
        text = "\n".join(lines).strip()
        if text.startswith("$CATEGORY: "):
            category = text.removeprefix("$CATEGORY: ")
            if any(sign in category for sign in (*SPECIAL, "\\", "\n")):
                raise ValueError(f"category {category!r}")
        else:
            found.append(_entry(category, _signs(text)))
    return found


Sign = tuple[str, bool]  # a letter, and whether it has GIFT's meaning


def _signs(text: str) -> list[Sign]:
    signs: list[Sign] = []
    letters = iter(text)
    for letter in letters:
        if letter != "\\":
            signs.append((letter, letter in SPECIAL))
            continue
        after = next(letters)
        if after not in f"{SPECIAL}n\\":
            raise ValueError(f"a backslash before {after!r}")
        signs.append(("\n" if after == "n" else after, False))
    return signs


def _split(signs: list[Sign], mark: str) -> list[list[Sign]]:
    parts: list[list[Sign]] = [[]]
    for sign in signs:
        if sign == (mark, True):
            parts.append([])
        else:
            parts[-1].append(sign)
    return parts


def _plain(signs: list[Sign]) -> str:
    left = [letter for letter, has_meaning in signs if has_meaning]
    if left:
        raise ValueError(f"{left} in {''.join(letter for letter, _ in signs)!r}")
    return "".join(letter for letter, _ in signs).strip()


def _html(signs: list[Sign]) -> str:
    text = _plain(signs)
    if not text.startswith("[html]"):
        raise ValueError(f"no format: {text[:40]!r}")
    return text.removeprefix("[html]")


def _entry(category: str, signs: list[Sign]) -> Entry:
    before, name, rest = _parts_at(signs)
    if before:
        raise ValueError("no name")
    text, answers = _split(rest, "{")
    inside, after = _split(answers, "}")
    if _plain(after):
        raise ValueError("text behind the answers")
    options, right = [], None
    for sign in inside:
        if sign in (("=", True), ("~", True)):
            right = sign[0] == "="
            options.append((right, list[Sign]()))
        elif options:
            options[-1][1].append(sign)
        elif sign[0].strip():
            raise ValueError("text before the first answer")
    read = []
    for is_right, said in options:
        answer, feedback = _split(said, "#")
        read.append((is_right, _html(answer), _html(feedback)))
    return Entry(category, _plain(name), _html(text), read)


def _parts_at(signs: list[Sign]) -> tuple[list[Sign], list[Sign], list[Sign]]:
    """What stands before the name, the name, and the rest."""
    colons = [
        at for at in range(len(signs) - 1) if signs[at : at + 2] == [(":", True), (":", True)]
    ]
    first, second = colons
    return signs[:first], signs[first + 2 : second], signs[second + 2 :]
