"""What student code may see of this machine: the Python installation and the packages of its part, read-only, and no more."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from grader import PROJECT

_SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache", "/etc/alternatives")
# C modules of the standard library for foreign code and other processes. torch imports them, part 1 has no use for them;
# _socket and _posixsubprocess stay, because numpy.testing imports them: the kernel says no to what they would do.
_UNNEEDED_BY_NUMPY = ("_ctypes", "_ssl", "_multiprocessing", "_posixshmem", "_asyncio")


@dataclass(frozen=True)
class Visible:
    """Paths as they are on this machine. Of `trees`, what lies under `hidden` is not seen, but `packages` are."""

    python: Path  # the interpreter itself, behind all links
    trees: tuple[Path, ...]
    hidden: tuple[Path, ...]
    packages: tuple[Path, ...]
    search: tuple[str, ...]  # where the packages are imported from

    @property
    def paths(self) -> tuple[Path, ...]:
        """All that has to be reachable."""
        return (self.python, *self.trees, *self.packages)


@cache
def visible(packages: tuple[str, ...]) -> Visible:
    """What a script that may import these packages sees. A package that is not installed is left out."""
    python = Path(sys.executable).resolve()
    base = Path(sys.base_prefix).resolve()
    trees = _without_nested([*map(Path, _SYSTEM), base / "lib", base / sys.platlibdir])
    places = [place for name in _closure(packages) for place in _places(name)]
    return Visible(
        python=python,
        trees=trees,
        hidden=_existing_under(trees, _hidden_candidates(packages)),
        packages=tuple(dict.fromkeys(path for path, _ in places)),
        search=tuple(dict.fromkeys(folder for _, folder in places)),
    )


def _without_nested(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The paths that exist, in order, without those inside another. Links such as /lib on a merged system stay as they are."""
    there = [path for path in dict.fromkeys(paths) if path.exists()]
    return tuple(p for p in there if not any(q in p.parents for q in there))


def _hidden_candidates(packages: tuple[str, ...]) -> list[Path]:
    """Installed packages of every kind, and this project, should it lie in a tree that is seen."""
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
    """The distributions of these packages and all that they require, as far as they are installed."""
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
        waiting += _required(distribution.requires or [])
    return tuple(found)


def _required(requirements: list[str]) -> list[str]:
    """The names of those that apply here."""
    if not requirements:  # NumPy has none, and packaging takes as long to import as NumPy
        return []
    from packaging.requirements import Requirement

    parsed = [Requirement(text) for text in requirements]
    return [one.name for one in parsed if one.marker is None or one.marker.evaluate({"extra": ""})]


def _places(name: str) -> list[tuple[Path, str]]:
    """The top-level files and folders of a distribution, each with the folder that it is imported from."""
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
