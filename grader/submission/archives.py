"""What holds for every archive: its kinds, limits, names, and the files that are ignored in it.

Nothing is unpacked to disk, and reading stops at the limits, so that no archive bomb fills memory.
zips.py and tars.py read the two kinds.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from grader.errors import SubmissionError

MAX_ENTRIES = 10_000  # files in a folder or archive
MAX_IGNORED = 100_000  # files of environments and caches beside them
MAX_UNPACKED = 500_000_000  # bytes, for a zip archive as declared in it; the data has 42 MB
MAX_DEPTH = 100  # of nested folders
TOO_LARGE = (
    f"the archive unpacks to more than {MAX_UNPACKED // 10**6} MB, "
    "expected the checklist's five files"
)
TOO_MANY = (
    f"the archive has more than {MAX_ENTRIES:,} entries, or {MAX_IGNORED:,} of environments and "
    "caches, expected the checklist's five files"
)
IGNORED = (
    "__MACOSX", "__pycache__", ".ipynb_checkpoints", ".git", ".venv", "venv", ".env", "node_modules",
    "site-packages", ".cache", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", ".nox", ".idea",
    ".vscode", ".vs", ".Trash", ".local",
)  # fmt: skip
ARCHIVES = (".zip", ".tar.gz", ".tgz")
OTHER_ARCHIVES = (".rar", ".7z", ".tar", ".tar.bz2", ".tar.xz")  # recognised, but not read
ENVIRONMENT = "pyvenv.cfg"  # lies in a virtual environment, whatever its name

# reads one regular file of the submission, up to a number of bytes
Read = Callable[[int], bytes]


def is_ignored(path: PurePosixPath) -> bool:
    """Whether a path belongs to a system, an editor or an environment, not the submission."""
    return any(part in IGNORED or part.startswith("._") for part in path.parts)


class Names:
    """The paths seen so far. A repeated path, in any case, is refused: which one would count?"""

    def __init__(self) -> None:
        self.seen: dict[str, PurePosixPath] = {}

    def add(self, path: PurePosixPath) -> None:
        """Raises SubmissionError for a path that was added before."""
        before = self.seen.setdefault(str(path).casefold(), path)
        if before is not path:
            raise SubmissionError(
                f"the archive has both {shown(before)} and {shown(path)}, expected each file once"
            )


def checked(name: str) -> PurePosixPath:
    """An entry's path. Raises SubmissionError for one that points outside the archive."""
    if name.count("/") > MAX_DEPTH:
        raise SubmissionError(
            f"the archive has folders nested more than {MAX_DEPTH} deep ({name[:100]!r}), "
            "expected the checklist's files at its top"
        )
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name or ":" in name[:3]:
        raise SubmissionError(
            f"the archive has an entry with the path {name[:100]!r}, expected paths inside it"
        )
    return path


def not_a_file(path: PurePosixPath) -> SubmissionError:
    """The error for a link, a device or a pipe."""
    return SubmissionError(
        f"the archive has an entry that is no regular file ({shown(path)}), expected only files"
    )


def shown(path: PurePosixPath) -> str:
    """A path as messages name it."""
    return repr(str(path)[:100])
