"""Optional packages: the commands that are suggested can work."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

from playground import extras
from playground.errors import PlaygroundError
from tests.support import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_every_extra_that_is_suggested_exists() -> None:
    calls = [
        node
        for path in (ROOT / "playground").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "require"
    ]
    suggested = {ast.literal_eval(call.args[1]) for call in calls}
    assert {"playground", "tracking"} <= suggested <= set(PROJECT["optional-dependencies"])


def test_a_broken_package_has_its_name_on_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "yaml_that_is_broken.py").write_text("raise ImportError('no libyaml')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(extras.INDEX_NAMES, "yaml_that_is_broken", extras.INDEX_NAMES["yaml"])
    with pytest.raises(PlaygroundError, match=r"\(no libyaml\): .* --force-reinstall PyYAML$"):
        extras.require("yaml_that_is_broken", "playground")
    wanted = str(PROJECT["optional-dependencies"]).lower()
    assert all(f"{name.lower()}>=" in wanted for name in extras.INDEX_NAMES.values())
