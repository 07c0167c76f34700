"""Safe file names and search texts from names that may contain anything."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from grader.classroom.people import Student

DIGITS = 18  # of an id's hash: students who choose their ids could find a collision of ten digits
LONGEST = 40  # characters of a name, so that file names stay far below any file system's limit


def stem(student: Student) -> str:
    """A file name without extension: letters, digits and hyphens only, unique for every id."""
    latin = unicodedata.normalize("NFKD", student.name).encode("ascii", "ignore").decode()
    words = "-".join(re.findall(r"[A-Za-z0-9]+", latin))[:LONGEST].strip("-").lower()
    digest = hashlib.sha256(student.id.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]
    return f"{words or 'student'}-{digest}"


# Letters that have no decomposition in Unicode, and how they are written without a special key.
_LATIN = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d",
                        "þ": "th", "ı": "i", "ħ": "h"})  # fmt: skip
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})


def folded(text: str) -> str:
    """The text without regard to case and accents, on one line.

    >>> folded("Łukasz  MÜLLER-Groß")
    'lukasz muller-gross'
    """
    low = unicodedata.normalize("NFC", text).lower().translate(_LATIN)
    marks = unicodedata.normalize("NFKD", low)
    return " ".join("".join(c for c in marks if not unicodedata.combining(c)).split())


def search_text(text: str) -> str:
    """All ways to type the text on a keyboard without accents.

    >>> search_text("Jürgen Groß")
    'jurgen gross juergen gross'
    """
    plain = folded(text)
    spelt = folded(unicodedata.normalize("NFC", text).lower().translate(_SPELT_OUT))
    return plain if spelt == plain else f"{plain} {spelt}"
