"""A script that cannot be imported: none of its sections passes, nor the checklist."""

import json
from pathlib import Path

import pytest

from grader.report.text import feedback
from grader.results import Status
from grader.sections import SCRIPTS
from tests.support import RUBRIC, mark, mark_here, sampled, script_with, write_submission

ALL = [section.number for section in RUBRIC.sections if not section.training]
IMPORT = "import numpy as np"


def marked(folder: Path, source: str | bytes | None, numbers: list[str]) -> dict[str, str]:
    """The feedback on the sections that did not pass; `source` is that of pytorch_ann.py."""
    work = write_submission(folder / "ada", pytorch_ann=None)
    if source is not None:
        content = source if isinstance(source, bytes) else source.encode()
        (work / "pytorch_ann.py").write_bytes(content)
    results = mark_here(work, numbers)
    return {n: feedback(one) for n, one in results.items() if one.status is not Status.PASSED}


@pytest.mark.parametrize("code", sampled([
    "def (", "raise ValueError(1)", "import scipy; scipy.e", "import sys; sys.exit(0)",
    "import os; os._exit(0)",
], every=3))  # fmt: skip
def test_no_section_of_it_passes(tmp_path: Path, code: str) -> None:
    source = script_with("pytorch_ann", {}).replace(IMPORT, f"{code}\n{IMPORT}", 1)
    lost = marked(tmp_path, source, ALL)
    assert list(lost) == ["0.1", "2.1", "2.2", "2.3", "2.4", "2.5", "2.7"]
    assert lost["0.1"].startswith(
        "pytorch_ann.py cannot be imported; its own sections say why.\nHint: python utils.py"
    )


def test_a_script_that_is_no_text_or_missing_is_named(tmp_path: Path) -> None:
    no_text = b"# caf\xe9\n" + script_with("pytorch_ann", {}).encode()
    lost = marked(tmp_path / "1", no_text, ["0.1", "2.7"])
    assert lost["0.1"].startswith("pytorch_ann.py cannot be imported")
    assert "not in UTF-8" in lost["2.7"]
    lost = marked(tmp_path / "2", None, ["0.1", "2.7"])
    assert lost["0.1"].startswith("pytorch_ann.py is missing.")
    assert "is missing, so this section cannot be marked" in lost["2.7"]


def test_a_script_that_hangs_when_imported_costs_no_other(tmp_path: Path) -> None:
    source = script_with("pytorch_ann", {}).replace(IMPORT, f"while True: pass\n{IMPORT}", 1)
    work = write_submission(tmp_path / "ada", pytorch_ann=source)
    results = mark_here(work, ["0.1", "1.2", "2.7", "3.7"], import_seconds=3)
    failed = [number for number, one in results.items() if one.status is not Status.PASSED]
    assert failed == ["0.1", "2.7"]


def test_nothing_says_passed_where_no_script_can_be_imported(tmp_path: Path) -> None:
    broken = dict.fromkeys(SCRIPTS, "raise SystemExit('no')\n")
    work, page = write_submission(tmp_path / "ada", **broken), tmp_path / "page.html"
    ran = mark(work, "--skip-training", f"--html={page}")
    assert ran.status == 1
    for text in (ran.out, json.dumps(ran.results), page.read_text(encoding="utf-8")):
        assert "passed" not in text
        assert "✓" not in text
