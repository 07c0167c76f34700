"""Pseudonyms of a gradebook's students, for reports without names.

A pseudonym follows from the id and a secret that the gradebook keeps. It is the same in every
report of this gradebook, another one in any other, and leads back to nobody without the file.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from grader.classroom.class_list import ClassList
from grader.classroom.people import Student

SECRET = "pseudonyms"  # its name in the gradebook
DIGITS = 8  # of a pseudonym; two of 1,000 students share them once in 8,000 gradebooks


def secret_of(gradebook: ClassList) -> bytes:
    """The gradebook's secret, drawn on first use.

    Raises CannotGrade if it cannot be stored. Must not be called within a snapshot.
    """
    if gradebook.meta(SECRET) is None:
        with gradebook.transaction():
            if gradebook.meta(SECRET) is None:  # another process may have been faster
                gradebook.set_meta(**{SECRET: secrets.token_hex(32)})
    return bytes.fromhex(gradebook.meta(SECRET))


def keep_secret(path: Path) -> None:
    """Draw the secret of a gradebook that has none yet.

    Raises CannotGrade if it cannot be stored.
    """
    with ClassList(path, read_only=True) as gradebook:
        is_drawn = gradebook.meta(SECRET) is not None
    if not is_drawn:
        with ClassList(path) as gradebook:
            secret_of(gradebook)


def code(secret: bytes, kind: str, text: str) -> str:
    """64 hexadecimal digits for a text, which nobody without the secret can compute."""
    message = f"{kind}:{text}".encode("utf-8", "surrogatepass")
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def pseudonyms(secret: bytes, ids: list[str], kind: str = "student") -> dict[str, str]:
    """The pseudonym of each id, or of another `kind` of text, such as "7f3a-92c1".

    If two share it, the later in the list gets more digits.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for one in ids:
        digits = code(secret, kind, one)
        short = next(
            name
            for length in range(DIGITS, len(digits) + 1, 4)
            if (name := _grouped(digits[:length])) not in taken
        )
        taken.add(short)
        found[one] = short
    return found


def _grouped(digits: str) -> str:
    return "-".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def disguised(secret: bytes, students: list[Student]) -> dict[str, Student]:
    """The students as they are named in a report without names, by their real ids.

    Ids and names are pseudonyms, groups are named by codes, and e-mail addresses are left out.
    """
    names = pseudonyms(secret, [one.id for one in students])
    groups = pseudonyms(secret, sorted({one.group for one in students}), "group")
    return {
        one.id: Student(
            names[one.id],
            f"Student {names[one.id]}",
            group=f"Group {groups[one.group]}" if one.group else "",
        )
        for one in students
    }
