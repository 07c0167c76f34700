"""Checks of Python and its packages. The trusted side never imports torch: a subprocess does."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from grader import PROJECT
from grader.doctor.findings import Finding, State
from grader.report.text import one_line
from grader.sandbox.launch import DEVICE_FILES

TORCH_SECONDS = 180  # the first import after installation reads gigabytes
INSTALL = "pip install -c constraints.txt -e '.[grader]'"
IN_TORCH_PROCESS = ("numpy", "torch", "torchvision")

_ASK = """
import importlib, json
found = {}
for name in %r:
    try:
        found[name] = str(importlib.import_module(name).__version__)
    except BaseException as error:
        found[name] = None
        found[name + " error"] = f"{type(error).__name__}: {error}"
if found["torch"]:
    import torch
    found["built for CUDA"] = torch.version.cuda or ""
    try:
        found["devices"] = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
        torch.zeros(1, device="cuda") if found["devices"] else None
    except Exception as error:
        found["device error"] = f"{type(error).__name__}: {error}"
    found["mps"] = torch.backends.mps.is_available()
print(json.dumps(found))
"""


def python() -> Finding:
    """The version of the interpreter."""
    version = platform.python_version()
    where = f"{version}, {sys.executable}"
    wanted = SpecifierSet(_project().get("requires-python", ""))
    if not wanted.contains(version, prereleases=True):
        return Finding(
            "Python",
            State.BAD,
            f"{where}, expected {wanted}",
            "make clean grade PYTHON=path/to/python3",
        )
    return Finding("Python", State.GOOD, where)


def ask_torch() -> dict[str, Any]:
    """Versions, errors and devices, from a subprocess that imports torch; "problem" if it fails."""
    command = [sys.executable, "-I", "-c", _ASK % (IN_TORCH_PROCESS,)]
    try:
        asked = subprocess.run(
            command, capture_output=True, encoding="utf-8", errors="replace", timeout=TORCH_SECONDS
        )
        found: dict[str, Any] = json.loads(asked.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"problem": f"importing it takes more than {TORCH_SECONDS} s"}
    except (OSError, ValueError, IndexError) as error:
        return {"problem": f"importing it ended without an answer ({type(error).__name__})"}
    return found


def packages(answers: dict[str, Any]) -> Iterator[Finding]:
    """Whether numpy, torch and torchvision import, and are new enough."""
    wanted = {requirement.name.lower(): requirement for requirement in requirements()}
    for name in IN_TORCH_PROCESS:
        version = answers.get(name)
        if version is None:
            reason = answers.get("problem") or answers.get(f"{name} error") or "no answer"
            yield Finding(
                name, State.BAD, f"cannot be imported: {one_line(str(reason))[:200]}", INSTALL
            )
        elif name in wanted and not wanted[name].specifier.contains(
            version.partition("+")[0], prereleases=True
        ):
            yield Finding(name, State.BAD, f"{version}, expected {wanted[name].specifier}", INSTALL)
        else:
            yield Finding(name, State.GOOD, version)


def requirements() -> list[Requirement]:
    """The grader's requirements from pyproject.toml; none where that file is missing."""
    project = _project()
    extras = project.get("optional-dependencies", {})
    listed = [
        *project.get("dependencies", ()),
        *extras.get("student", ()),
        *extras.get("grader", ()),
    ]
    return [Requirement(one) for one in listed if not one.startswith(project["name"])]


def _project() -> dict[str, Any]:
    try:
        content = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):  # installed elsewhere, without it
        return {}
    project: dict[str, Any] = content["project"]
    return project


def other_packages() -> Finding:
    """Whether the grader's other packages are installed, and new enough."""
    others = [
        requirement for requirement in requirements() if requirement.name not in IN_TORCH_PROCESS
    ]
    problems = []
    for requirement in others:
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            problems.append(f"{requirement.name} is not installed")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            problems.append(f"{requirement.name} is {version}, expected {requirement.specifier}")
    if problems:
        return Finding("other packages", State.BAD, "; ".join(problems), INSTALL)
    return Finding(
        "other packages", State.GOOD, ", ".join(requirement.name for requirement in others)
    )


def gpu(answers: dict[str, Any]) -> Finding:
    """Whether there is a GPU, and whether torch can use it."""
    files = [
        path for path in DEVICE_FILES if re.search(r"nvidia\d+$", path) and Path(path).exists()
    ]
    devices = answers.get("devices") or []
    if devices and not answers.get("device error"):
        return Finding(
            "GPU", State.GOOD, f"{', '.join(map(str, devices))}: --device cuda", needed=False
        )
    if answers.get("mps"):
        return Finding("GPU", State.GOOD, "Apple's: --device mps", needed=False)
    if not files and not devices:
        return Finding("GPU", State.ABSENT, "none: parts 2 and 3 train on the CPU", needed=False)
    if not answers.get("torch"):
        return Finding(
            "GPU",
            State.BAD,
            f"{', '.join(files)} exists, but torch cannot be imported",
            INSTALL,
            needed=False,
        )
    if not answers.get("built for CUDA"):
        words = f"{', '.join(files)} exists, but torch was built without CUDA"
        return Finding(
            "GPU", State.BAD, words, "pip install --force-reinstall torch torchvision", needed=False
        )
    reason = (
        answers.get("device error")
        or f"its CUDA {answers['built for CUDA']} finds no device; is the driver new enough"
    )
    return Finding(
        "GPU",
        State.BAD,
        f"exists, but torch cannot use it: {one_line(str(reason))[:200]}",
        "nvidia-smi",
        needed=False,
    )
