"""Which packages a script may import: those of its part, and what these require."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from grader.sandbox.visible_paths import _required, visible_paths

METADATA = """\
Metadata-Version: 2.4
Name: package
Requires-Dist: plain
Requires-Dist: numpy>=1.25,<3
Requires-Dist: torch (==2.12.1)
Requires-Dist: with-extra[a,b]>=1
Requires-Dist: at @ https://example.org/at.whl
Requires-Dist: linux_only; platform_system == "Linux"
Requires-Dist: either; python_version < "3.12" or extra == "old"
Requires-Dist: gdown (>=4.7) ; extra == 'gdown'
Requires-Dist: pytest; extra == "tests"
Requires-Dist: psutil; (sys_platform == "linux" or sys_platform == "darwin") and extra == "tests"
Requires-Dist: nested; (python_version > "3" and extra == "tests")

Requires-Dist: of-the-description
"""
REQUIRED = ["plain", "numpy", "torch", "with-extra", "at", "linux_only", "either"]


@pytest.mark.parametrize("folder", ["package-1.dist-info", "package.egg-info"])
def test_what_a_distribution_requires(folder: str, tmp_path: Path) -> None:
    place = tmp_path / folder
    place.mkdir()
    (place / ("METADATA" if "dist" in folder else "PKG-INFO")).write_text(METADATA)
    assert _required(metadata.Distribution.at(place)) == REQUIRED


@pytest.mark.parametrize("package", ["numpy", "matplotlib", "tqdm", "torch", "torchvision"])
def test_everything_that_a_package_needs_here_is_visible(package: str) -> None:
    waiting, names = [package], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in names:
            try:
                listed = metadata.distribution(name).requires or []
            except metadata.PackageNotFoundError:
                continue
            names.add(name)
            needed = map(Requirement, listed)
            waiting += [
                one.name for one in needed if not one.marker or one.marker.evaluate({"extra": ""})
            ]
    visible = {path.name for path in visible_paths((package,)).packages}
    for name in names:
        folder = metadata.distribution(name)
        record = folder.read_text("RECORD") or ""
        tops = {line.partition("/")[0] for line in record.splitlines() if "/" in line}
        assert {top for top in tops if top.endswith(".dist-info")} <= visible, name
    assert not any(
        path.name in ("pytest", "hypothesis") for path in visible_paths((package,)).packages
    )
