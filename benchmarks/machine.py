"""A description of the machine."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

CPUINFO = Path("/proc/cpuinfo")
VECTORS = {"avx512f": "AVX-512", "avx2": "AVX2"}  # decide the speed of products; the widest first
PACKAGES = ("numpy", "torch", "scikit-learn")


def describe(coretype: str | None) -> dict[str, Any]:
    """The machine, its load and package versions; `coretype` is the original OPENBLAS_CORETYPE."""
    versions = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "none"
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory": _memory(),
        "system": f"{platform.system()} {platform.release()}",
        "load average": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "OPENBLAS_CORETYPE": "unset" + (f" (was {coretype})" if coretype else ""),
        "versions": versions,
    }


def _processor() -> str:
    """The processor and its vectors: machines of one name may differ by half in speed."""
    try:
        lines = CPUINFO.read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    told = {key.strip(): text.strip() for key, _, text in (line.partition(":") for line in lines)}
    flags = told.get("flags", "").split()
    widest = [f" with {name}" for flag, name in VECTORS.items() if flag in flags][:1]
    return "".join([told.get("model name", platform.machine()), *widest])


def _memory() -> str:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return "memory unknown"
    return f"{size / 2**30:.0f} GiB"
