"""Where in a submission the checklist's files are: the place that holds most of the five."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from assignment.failure import file_named
from grader.errors import SubmissionError
from grader.submission.archives import ARCHIVES, MAX_ENTRIES, Read, is_ignored
from grader.submission.names import CHECKLIST, Aliases, slots

Files = dict[str, Read]  # of one folder, by name
Places = dict[PurePosixPath, Files]
MAX_SHOWN = 5  # names in a message


def places_of(where: str, entries: Iterable[tuple[PurePosixPath, Read]]) -> Places:
    """All files by their folder. Raises SubmissionError for too many."""
    places: Places = {}
    count = 0
    for entry, read in entries:
        if is_ignored(entry):
            continue
        count += 1
        if count > MAX_ENTRIES:
            raise SubmissionError(
                f"{where} holds more than {MAX_ENTRIES:,} files, expected the checklist's five"
            )
        places.setdefault(entry.parent, {})[entry.name] = read
    return places


def held(files: Iterable[str], aliases: Aliases) -> set[str]:
    """Those of the checklist's five that a place holds, under whatever name and form."""
    return {_listed(name) for name in slots(files, aliases)}


def _listed(name: str) -> str:
    return name.replace(".ipynb", ".py")


def best_place(where: str, places: Places, aliases: Aliases) -> PurePosixPath | None:
    """The place that holds most of the five, exact names first; None if no place holds any.

    Raises SubmissionError for two that hold as many, by name.
    """
    ranks = {
        place: (len(held(files, aliases)), len({_listed(n) for n in slots(files, aliases) if n in files}))
        for place, files in places.items()
    }  # fmt: skip
    ranks = {place: rank for place, rank in ranks.items() if rank[0]}
    if not ranks:
        return None
    best = max(ranks.values())
    equal = [place for place, rank in ranks.items() if rank == best]
    if len(equal) > 1:
        found = ", ".join(sorted(map(shown_place, equal)))
        raise SubmissionError(
            f"{where} holds the checklist's files in more than one place ({found}), expected one"
        )
    return equal[0]


def shown_place(place: PurePosixPath) -> str:
    """A folder as messages name it."""
    return file_named(f"{place}/") if place.parts else "the top"


def notes_on_others(places: Places, taken: PurePosixPath, aliases: Aliases) -> list[str]:
    """A sentence on the places that hold some of the five too, and are not read."""
    others = [p for p, files in places.items() if p != taken and held(files, aliases)]
    if not others:
        return []
    listed = some(sorted(map(shown_place, others)))
    return [f"The files were read from {shown_place(taken)}, not from {listed}, which has fewer."]


def found_in(places: Places) -> str:
    """What is there, for a message: files that could be meant before others."""
    names = [
        str(place / name)
        for place, files in places.items()
        for name in files
        if not name.startswith(".")
    ]
    names.sort(
        key=lambda name: (not name.lower().endswith((".py", ".ipynb", ".png", *ARCHIVES)), name)
    )
    return some(names) if names else "no file"


def some(names: list[str]) -> str:
    """The first names of a list, and how many more."""
    listed = [name[:100] for name in names[:MAX_SHOWN]]
    more = len(names) - len(listed)
    return ", ".join(listed) + (f" and {more} more" if more > 0 else "")


def elsewhere(places: Places, taken: PurePosixPath, name: str, aliases: Aliases) -> str:
    """The other place that holds a file that is missing where the rest is; "" for none."""
    for place, files in places.items():
        if place != taken and name in held(files, aliases):
            return shown_place(place)
    return ""


def none_there(where: str, places: Places) -> SubmissionError:
    """The error for a submission without any of the five."""
    return SubmissionError(
        f"{where} holds none of the checklist's files ({', '.join(CHECKLIST)}); "
        f"found: {found_in(places)}"
    )
