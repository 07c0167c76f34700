"""Who handed in, when, and where it lay in a platform's download."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from grader.report.text import one_line

FILE_TIMES = "file times, which a student can set"
MAX_LABEL = 60  # characters of a name, and of an id
# Where ids come from: an id is only ever written to the platform that gave it.
PLATFORMS = ("moodle", "canvas", "gradescope", "brightspace", "blackboard")


@dataclass(frozen=True)
class Student:
    """A student: an id that is the same in every download, a name to show, and what a roster says.

    The id is text: `0429` is not `429`.
    """

    id: str
    name: str
    email: str = ""
    group: str = ""  # of the roster, such as a tutorial; not a team that hands in together


def labels(names: Mapping[str, str]) -> dict[str, str]:
    """What messages call each student, by id: the name, with the id where two share it.

    >>> labels({"111": "Maria", "112": "Maria", "7": "Ada"})
    {'111': 'Maria (111)', '112': 'Maria (112)', '7': 'Ada'}
    """
    shown = {identity: one_line(name)[:MAX_LABEL] for identity, name in names.items()}
    count = Counter(shown.values())
    return {
        identity: f"{name} ({one_line(identity)[:MAX_LABEL]})" if count[name] > 1 else name
        for identity, name in shown.items()
    }


@dataclass(frozen=True)
class HandedIn:
    """When a submission was handed in, as far as is known, and how it is known.

    `at` is aware of its time zone; None if the time is unknown. `is_late` is the platform's own
    mark; None if it has none. `source` is a phrase such as "Gradescope's submission metadata".
    """

    at: datetime | None = None
    is_late: bool | None = None
    source: str = ""

    @property
    def is_by_file_times(self) -> bool:
        """Whether it is known by file times alone, which copying and downloading set too."""
        return self.source.startswith(FILE_TIMES)


@dataclass(frozen=True)
class Origin:
    """Where a submission lay in a download, which feedback that goes back is named after.

    `platform` is one of PLATFORMS, or "" for plain folders. `place` is its folder there, or the
    start of its files' names. `files` are the names of its files in the download, with folders, as
    they were. `team` is the platform's name of a group that handed in together. `team_id` is its
    number. `platform_ids` says that the students' ids are the platform's own: others (a roster's,
    or `team:Team Rot` of a team whose members are unknown) are never written in its format.
    `commit` is that of a fetched repository.
    """

    platform: str = ""
    place: str = ""
    files: tuple[str, ...] = ()
    team: str = ""
    team_id: str = ""
    platform_ids: bool = True
    commit: str = ""
