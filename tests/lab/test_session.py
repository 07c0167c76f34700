"""The lab's Python in Pyodide: the same verdicts as elsewhere, and an end to everything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lab.support import in_pyodide, numpy_specimens
from tests.support import ROOT, script_with

SOLVED = script_with("numpy_ann", {})


def of_kind(messages: list[Any], kind: str) -> list[Any]:
    return [message for message in messages if message["kind"] == kind]


def test_every_specimen_gets_the_verdicts_that_it_gets_in_cpython(
    lab: Path, tmp_path: Path
) -> None:
    specimens = numpy_specimens()
    assert len(specimens) > 250
    scripts, out = tmp_path / "scripts.json", tmp_path / "out.json"
    scripts.write_text(json.dumps(list(specimens.values())))
    with subprocess.Popen(
        [sys.executable, "-m", "tests.lab.statuses", str(scripts), str(out)], cwd=ROOT
    ) as cpython:
        requests = [{"text": text} for text in specimens.values()]
        answers = in_pyodide(lab, tmp_path, requests)
        assert cpython.wait(300) == 0
    expected = dict(zip(specimens, json.loads(out.read_text()), strict=True))
    found = {
        name: {one["number"]: one["status"] for one in of_kind(messages, "section")}
        for name, messages in zip(specimens, answers, strict=True)
    }
    different = {
        name: (found[name], expected[name]) for name in found if found[name] != expected[name]
    }
    assert different == {}
