"""What the lab uses of others: versions and hashes, from vendored.toml."""

from __future__ import annotations

import base64
import json
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
LOCK = "pyodide-lock.json"


@dataclass(frozen=True)
class Pyodide:
    """One release of Pyodide: where its files are, and the SHA-256 of each, in hexadecimal."""

    version: str
    cdn: str
    npm: str
    pip: str
    core: dict[str, str]
    packages: tuple[str, ...]
    optional: tuple[str, ...]


@dataclass(frozen=True)
class EditorModule:
    """One module of the editor: the npm package, its file, and the hashes of file and licence."""

    name: str
    version: str
    file: str
    sha256: str
    licence: str

    @property
    def stored_as(self) -> str:
        """The name of its file in the lab: codemirror-state.js."""
        return f"{self.name.lstrip('@').replace('/', '-')}.js"


@cache
def pyodide() -> Pyodide:
    """The release that the lab runs."""
    entry = _table()["pyodide"]
    lists = {name: tuple(entry[name]) for name in ("packages", "optional")}
    return Pyodide(**{**entry, **lists})


@cache
def editor_modules() -> tuple[EditorModule, ...]:
    """The modules that the editor consists of."""
    return tuple(EditorModule(**entry) for entry in _table()["editor"])


def packages_in(lock: bytes, names: tuple[str, ...]) -> dict[str, str]:
    """The hashes of the files of some packages, and of those that they need, by file name."""
    listed = json.loads(lock)["packages"]
    found: dict[str, str] = {}
    waiting = [*names]
    while waiting:
        package = listed[waiting.pop()]
        if package["file_name"] not in found:
            found[package["file_name"]] = package["sha256"]
            waiting += package["depends"]
    return found


def integrity(sha256: str) -> str:
    """A hexadecimal SHA-256 as browsers take it: "sha256-" and base64."""
    return f"sha256-{base64.b64encode(bytes.fromhex(sha256)).decode()}"


def _table() -> dict[str, Any]:
    return tomllib.loads((HERE / "vendored.toml").read_text(encoding="utf-8"))
