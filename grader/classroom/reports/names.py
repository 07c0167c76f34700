"""Safe file names from names that may contain anything."""

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
