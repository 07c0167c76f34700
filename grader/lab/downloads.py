"""Files of others, fetched once and kept; every one is compared with its hash before it is used.

npm packages come from npm if it is there, else from the CDN. Pyodide's own files come from a folder
that the user names, or from npm (the core) and pip (the rest).
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from assignment.files import write_atomically
from grader.errors import CannotGrade
from grader.lab.vendored import LOCK, EditorModule, Pyodide, packages_in
from grader.sandbox.temporary import TemporaryFolder

NPM_CDN = "https://cdn.jsdelivr.net/npm/"
SECONDS = 600  # for one download
MAX_MEMBER = 50_000_000  # bytes of one file in an archive
Content = Mapping[str, bytes]


class Unavailable(CannotGrade):
    """A file could not be had; the message says where it was looked for."""


@dataclass(frozen=True)
class Store:
    """A folder of files by their SHA-256, so that a second run downloads nothing."""

    folder: Path

    def get(self, sha256: str) -> bytes | None:
        """The content with this hash, None if it is not kept."""
        try:
            content = (self.folder / sha256).read_bytes()
        except OSError:
            return None
        return content if _digest(content) == sha256 else None

    def all(self, wanted: Mapping[str, str], fetch: Callable[[], Content]) -> dict[str, bytes]:
        """The contents of files, by name, given their hashes; `fetch` gets them if one is missing.

        Raises Unavailable if a file is missing there or has another hash.
        """
        found = {name: self.get(sha256) for name, sha256 in wanted.items()}
        if None in found.values():
            fetched = fetch()
            for name, sha256 in wanted.items():
                found[name] = _expected(name, fetched.get(name), sha256)
            self.folder.mkdir(parents=True, exist_ok=True)
            for name, sha256 in wanted.items():
                write_atomically(self.folder / sha256, found[name] or b"")
        return {name: content for name, content in found.items() if content is not None}


def editor_files(store: Store, module: EditorModule) -> tuple[bytes, bytes]:
    """The code and the licence of a module of the editor. Raises Unavailable."""
    wanted = {module.file: module.sha256, "LICENSE": module.licence}
    files = store.all(wanted, lambda: _npm_package(module.name, module.version, tuple(wanted)))
    return files[module.file], files["LICENSE"]


def core_files(store: Store, release: Pyodide, folder: Path | None) -> dict[str, bytes]:
    """The core of Pyodide, by file name, from a folder or from npm. Raises Unavailable."""
    names = tuple(release.core)

    def fetch() -> Content:
        if folder is not None:
            return _in_folder(folder, names)
        return _npm_package(release.npm, release.version, names)

    return store.all(release.core, fetch)


def package_files(
    store: Store, release: Pyodide, lock: bytes, folder: Path | None
) -> dict[str, bytes]:
    """The wheels of NumPy and of what it needs, from a folder or from pip. Raises Unavailable."""
    wanted = packages_in(lock, release.packages)

    def fetch() -> Content:
        if folder is not None:
            return _in_folder(folder, tuple(wanted))
        return _pip_package(release.pip, tuple(wanted))

    return store.all(wanted, fetch)


def lock_file(store: Store, release: Pyodide, folder: Path | None) -> bytes:
    """Pyodide's list of packages with their hashes. Raises Unavailable."""
    wanted = {LOCK: release.core[LOCK]}

    def fetch() -> Content:
        if folder is not None:
            return _in_folder(folder, (LOCK,))
        if shutil.which("npm"):
            return _npm_package(release.npm, release.version, (LOCK,))
        return {LOCK: _from_address(release.cdn + LOCK)}

    return store.all(wanted, fetch)[LOCK]


def _expected(name: str, content: bytes | None, sha256: str) -> bytes:
    if content is None:
        raise Unavailable(f"{name} is not where it was looked for, expected a file with that name")
    found = _digest(content)
    if found != sha256:
        raise Unavailable(
            f"{name} has SHA-256 {found[:12]}…, expected {sha256[:12]}…: it is another version, or "
            "was changed, and is not used"
        )
    return content


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _in_folder(folder: Path, names: tuple[str, ...]) -> Content:
    found = {}
    for name in names:
        try:
            found[name] = (folder / name).read_bytes()
        except OSError as error:
            raise Unavailable(
                f"{folder / name} cannot be read ({error.strerror}), expected the files of a "
                "Pyodide distribution in that folder"
            ) from None
    return found


def _npm_package(name: str, version: str, files: tuple[str, ...]) -> Content:
    """Some files of an npm package: by npm, or from the CDN where there is no npm."""
    if not shutil.which("npm"):
        return {file: _from_address(f"{NPM_CDN}{name}@{version}/{file}") for file in files}
    with TemporaryFolder("lab-") as scratch:
        command = ["npm", "pack", f"{name}@{version}", "--silent", "--pack-destination"]
        _run([*command, str(scratch.path)], f"{name}@{version}")
        archive = next(scratch.path.glob("*.tgz"), None)
        if archive is None:
            raise Unavailable(f"npm pack wrote no archive of {name}@{version}")
        with tarfile.open(archive) as members:
            wanted = {f"package/{file}": file for file in files}
            return {
                wanted[member.name]: stream.read(MAX_MEMBER)
                for member in members
                if member.name in wanted and (stream := members.extractfile(member)) is not None
            }


def _pip_package(requirement: str, files: tuple[str, ...]) -> Content:
    """Some files of a wheel, wherever they are in it; the wheel is not installed."""
    with TemporaryFolder("lab-") as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--pre"]
        options = ["--disable-pip-version-check", "--only-binary=:all:", "--dest"]
        _run([*command, *options, str(scratch.path), requirement], requirement)
        wheel = next(scratch.path.glob("*.whl"), None)
        if wheel is None:
            raise Unavailable(f"pip downloaded no wheel of {requirement}")
        with zipfile.ZipFile(wheel) as members:
            return {
                entry.filename.rpartition("/")[2]: members.read(entry)
                for entry in members.infolist()
                if entry.filename.rpartition("/")[2] in files and entry.file_size <= MAX_MEMBER
            }


def _run(command: list[str], what: str) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{what} cannot be downloaded ({type(error).__name__})") from None
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
        raise Unavailable(
            f"{what} cannot be downloaded with {command[0].rpartition('/')[2]} ({said[:200]}); "
            "connect to a network, or name a folder: --offline DIR"
        )


def _from_address(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=60) as response:
            content: bytes = response.read(MAX_MEMBER)
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise Unavailable(f"{address} cannot be loaded ({reason})") from None
    return content
