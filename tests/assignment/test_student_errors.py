"""A student's exception in a few lines, however deep or long it is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from assignment.script_loading import loaded
from assignment.student_errors import MAX_TEXT, describe_error, is_own, line_of

SOURCE = """
def again(n):
    return again(n - 1) if n else fail()

def fail():
    raise ValueError("x" * 1_000_000)
"""


def test_deep_recursions_and_long_messages_are_short(tmp_path: Path) -> None:
    script = tmp_path / "numpy_ann.py"
    script.write_text(SOURCE)
    try:
        loaded(script, SOURCE).again(500)
    except ValueError as error:
        said, line = describe_error(error).splitlines(), line_of(error)
    assert line == 6
    assert said[3] == "numpy_ann.py, line 3, in again: return again(n - 1) if n else fail()"
    assert said[4] == "… 495 more …"  # of 501 calls, fail, and the frame of this test
    assert said[8] == 'numpy_ann.py, line 6, in fail: raise ValueError("x" * 1_000_000)'
    assert len(said[9]) < MAX_TEXT + 20


def test_a_page_s_address_is_no_script_of_a_student() -> None:
    assert not is_own("http://127.0.0.1:8000/web/lab/worker.js")
    assert is_own(str(Path("numpy_ann.py").resolve()))


def test_the_standard_library_is_known_by_windows_name_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os.path, "normcase", str.lower)  # as on Windows
    monkeypatch.setattr(sys, "base_prefix", "/Opt/Python")
    assert not is_own("/Opt/Python/Lib/json/decoder.py")
    assert is_own(str(Path("numpy_ann.py").resolve()))
