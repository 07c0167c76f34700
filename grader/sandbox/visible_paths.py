"""What student code may see of this machine: Python and the packages of its part, read-only."""

from __future__ import annotations

import re
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from grader import PROJECT

_SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache", "/etc/alternatives")
# C modules of the standard library that load foreign code or start processes: torch imports them,
# part 1 does not need them. _socket and _posixsubprocess stay, because numpy.testing imports them;
# the seccomp filter denies what they would do.
_UNNEEDED_BY_NUMPY = ("_ctypes", "_ssl", "_multiprocessing", "_posixshmem", "_asyncio")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # that a requirement begins with, PEP 508
_FOR_AN_EXTRA = re.compile(r"(;|\band)\s*\(?\s*extra\s*==\s*['\"][^'\"]*['\"]\s*\)?\s*$")
_REQUIRES = re.compile(r"^Requires-Dist:\s*(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class VisiblePaths:
    """Paths on this machine: `trees` without what lies under `hidden`, and `packages`."""

    python: Path  # the interpreter itself, all links resolved
    trees: tuple[Path, ...]
    hidden: tuple[Path, ...]
    packages: tuple[Path, ...]
    search: tuple[str, ...]  # where the packages are imported from

    @property
    def everything(self) -> tuple[Path, ...]:
        """All paths that have to be reachable."""
        return (self.python, *self.trees, *self.packages)


@cache
def visible_paths(packages: tuple[str, ...]) -> VisiblePaths:
    """What a script that may import these packages sees; packages not installed are left out."""
    python = Path(sys.executable).resolve()
    base = Path(sys.base_prefix).resolve()
    trees = _without_nested([*map(Path, _SYSTEM), base / "lib", base / sys.platlibdir])
    places = [place for name in _closure(packages) for place in _places(name)]
    return VisiblePaths(
        python=python,
        trees=trees,
        hidden=_existing_under(trees, _hidden_candidates(packages)),
        packages=tuple(dict.fromkeys(path for path, _ in places)),
        search=tuple(dict.fromkeys(folder for _, folder in places)),
    )


def _without_nested(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The paths that exist, in order, without those inside another.

    Links stay links, such as /lib on a system with merged /usr.
    """
    existing = [path for path in dict.fromkeys(paths) if path.exists()]
    return tuple(p for p in existing if not any(q in p.parents for q in existing))


def _hidden_candidates(packages: tuple[str, ...]) -> list[Path]:
    """Installed packages of every kind, and this project if it lies in a visible tree."""
    stdlib = Path(sysconfig.get_path("stdlib")).resolve()
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    roots = [
        stdlib,
        Path("/usr/lib/python3"),
        Path("/usr/lib") / version,
        Path("/usr/local/lib") / version,
    ]
    roots += [
        Path(path).resolve().parent
        for path in sys.path
        if path.endswith(("site-packages", "dist-packages"))
    ]
    found = [
        root / kind for root in dict.fromkeys(roots) for kind in ("site-packages", "dist-packages")
    ]
    if "torch" not in packages:
        found += [
            path
            for name in _UNNEEDED_BY_NUMPY
            for path in (stdlib / "lib-dynload").glob(f"{name}.*.so")
        ]
    return [PROJECT, *found]


def _existing_under(trees: tuple[Path, ...], candidates: list[Path]) -> tuple[Path, ...]:
    inside = [
        path for path in candidates if path.exists() and any(tree in path.parents for tree in trees)
    ]
    return _without_nested(inside)


@cache
def _closure(packages: tuple[str, ...]) -> tuple[str, ...]:
    """The installed distributions of these packages and everything that they require."""
    found: dict[str, None] = {}
    waiting = list(packages)
    while waiting:
        name = waiting.pop(0)
        if name in found:
            continue
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found[name] = None
        waiting += _required(distribution)
    return tuple(found)


def _required(distribution: metadata.Distribution) -> list[str]:
    """The names of what a distribution requires, without what it does for its extras only.

    Other markers, such as for another system, are not evaluated: what they exclude is hardly ever
    installed, and harmless. Parsing both properly would take as long as importing NumPy.
    """
    text = distribution.read_text("METADATA")
    head = None if text is None else text.partition("\n\n")[0]
    listed = distribution.requires or [] if head is None else _REQUIRES.findall(head)
    return [_NAME.findall(one)[0] for one in listed if not _FOR_AN_EXTRA.search(one)]


def _places(name: str) -> list[tuple[Path, str]]:
    """The top-level files and folders of a distribution, each with the folder to import from."""
    distribution = metadata.distribution(name)
    folder = str(Path(str(distribution.locate_file(""))).resolve())
    record = distribution.read_text("RECORD")
    if record is None:  # packages of a Linux distribution have none
        tops = {name.replace("-", "_"), *(distribution.read_text("top_level.txt") or "").split()}
        tops |= {f"{top}.py" for top in tops}
    else:
        tops = {line.partition("/")[0].partition(",")[0].strip('"') for line in record.splitlines()}
    paths = [
        Path(folder, top)
        for top in sorted(tops)
        if top not in ("", "..", "__pycache__") and not top.startswith("/")
    ]
    return [(path, folder) for path in paths if path.exists()]
