"""How the people behind a work are named: by their names, with the id where two share a name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.report.text import one_line

FIRST = 2  # names of a group that stand in a heading; the list of equal scripts has them all


@dataclass(frozen=True)
class Author:
    """Somebody who handed in a work: id and name."""

    id: str
    name: str


class Names:
    """The names of works. A work without known authors is named by its key."""

    def __init__(
        self,
        authors: Mapping[str, Sequence[Author]] | None = None,
        years: Mapping[str, str] | None = None,
    ):
        """`authors` of each work, by key; `years` tells for earlier works where they are from."""
        self._authors = authors or {}
        self._years = years or {}
        ids: dict[tuple[str, str], set[str]] = {}
        for work, people in self._authors.items():
            for one in people:
                ids.setdefault(self._spoken(work, one), set()).add(one.id)
        self._twice = {spoken for spoken, found in ids.items() if len(found) > 1}

    def _spoken(self, work: str, author: Author) -> tuple[str, str]:
        return one_line(author.name).casefold(), self._years.get(work, "")

    def author(self, work: str, author: Author) -> str:
        """An author's name, with the id if somebody else has the same name; safe to show."""
        is_twice = self._spoken(work, author) in self._twice
        return one_line(f"{author.name} ({author.id})" if is_twice else author.name)

    def authors(self, work: str) -> tuple[Author, ...]:
        """Who handed in a work."""
        return tuple(self._authors.get(work) or (Author(work, work),))

    def year(self, work: str) -> str:
        """Where an earlier work is from, "" for one of the class."""
        return self._years.get(work, "")

    def work(self, work: str) -> str:
        """The names of a work's authors."""
        names = " & ".join(self.author(work, author) for author in self.authors(work))
        return f"{names} ({self.year(work)})" if self.year(work) else names

    def works(self, works: Sequence[str]) -> str:
        """The names of those who handed in the same: "12 students (Ada, Bob, …)"."""
        if len(works) == 1:
            return self.work(works[0])
        first = ", ".join(self.work(one) for one in works[:FIRST])
        return f"{self.count(works)} ({first}{', …' if len(works) > FIRST else ''})"

    def count(self, works: Sequence[str]) -> str:
        """How many handed in these works: "12 students", or "2 teams", or "3 teams or students"."""
        people = Counter(len(self.authors(work)) > 1 for work in works)
        if not people[True]:
            return f"{len(works)} student{'s' * (len(works) > 1)}"
        kind = "teams or students" if people[False] else "teams"
        return f"{len(works)} {kind if len(works) > 1 else 'team'}"
