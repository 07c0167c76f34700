"""Tables in a document say what the results say, and nothing else in it changes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from playground.__main__ import main
from playground.errors import BadFile, PlaygroundError
from playground.experiments.results import CURVES, Result, Trial, Variant, to_json
from playground.experiments.tables import PLACE, fill
from tests.support import ROOT

DOCUMENT = "before\n<!-- results: losses -->\nstale | 1 |\n<!-- /results -->\nafter\n"


def trial(seed: int, accuracy: float, seconds: float = 8.0) -> Trial:
    return Trial(seed, 0.3, accuracy, seconds + seed, dict.fromkeys(CURVES, (0.5, 0.4, 0.3, 0.2)))


RESULT = Result(
    "losses",
    (
        Variant("cross-entropy", {}, 266_610, (trial(0, 0.89), trial(1, 0.91))),
        Variant("squared error", {}, 266_610, (trial(0, 0.88, 1226.0),)),
    ),
    {"train": 54_000, "validation": 6_000, "test": 10_000},
)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    (tmp_path / "losses.json").write_text(to_json(RESULT))
    return tmp_path


def test_a_table_is_made_from_the_result_and_the_rest_stays(results: Path) -> None:
    filled = fill(DOCUMENT, results)
    assert "| cross-entropy | 90.00 ± 1.41 % | 266,610 | 4 | 2 | 8 |" in filled
    assert "| squared error | 88.00 % | 266,610 | 4 | 306 | 1226 |" in filled
    assert "10,000 test images, 2 seeds; seconds of the quickest seed, cpu.\n" in filled
    assert filled.startswith("before\n<!-- results: losses -->\n")
    assert filled.endswith("<!-- /results -->\nafter\n")
    assert "stale" not in filled
    assert fill(filled, results) == filled


def test_a_quick_try_is_called_one(results: Path) -> None:
    (results / "losses.json").write_text(to_json(replace(RESULT, quick=True)))
    assert "a quick run" in fill(DOCUMENT, results)


def test_the_command_writes_the_document(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = results / "page.md"
    document.write_text(DOCUMENT)
    assert main(["tables", str(document), "--results", str(results)]) == 0
    assert document.read_text() == fill(DOCUMENT, results)
    assert "1 tables" in capsys.readouterr().out


def test_a_document_that_cannot_be_read_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = {"missing.md": "No such file or directory", "picture.md": "it is not UTF-8"}
    (tmp_path / "picture.md").write_bytes(b"\x89PNG")
    for name, reason in wrong.items():
        path = tmp_path / name
        assert main(["tables", str(path)]) == 2
        error = f"error: {path} cannot be read ({reason}), expected a text file\n"
        assert capsys.readouterr().err == error


def test_a_missing_result_or_place_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"losses\.json cannot be read"):
        fill(DOCUMENT, tmp_path)
    with pytest.raises(PlaygroundError, match="no table to write"):
        fill("no place", tmp_path)


OPENING, CLOSING = "<!-- results: losses -->\n", "<!-- /results -->\n"


@pytest.mark.parametrize(("text", "message"), [
    (f"<!-- results: A -->\nmine\n\n{OPENING}{CLOSING}",
     "<!-- results: A --> in line 1 has no counterpart"),
    (f"{OPENING}{CLOSING}mine\n<!-- results: A -->\nmine",
     "<!-- results: A --> in line 4 has no counterpart"),
    (f"{OPENING}stale\n{CLOSING}mine\n{CLOSING}", "<!-- /results --> in line 5 has no counterpart"),
    (f"mine\n{OPENING}mine", "<!-- results: losses --> in line 2 has no counterpart"),
    (f"<!-- results: two words -->\nmine\n{CLOSING}",
     "<!-- results: two words --> in line 1 has no counterpart"),
])  # fmt: skip
def test_half_a_pair_of_markers_is_one_line_and_the_document_stays(
    text: str, message: str, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = results / "page.md"
    document.write_text(text)
    assert main(["tables", str(document), "--results", str(results)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {message}, expected ")
    assert error.count("\n") == 1
    assert document.read_text() == text


def test_markers_within_a_sentence_are_text(results: Path) -> None:
    sentence = "A table stands between `<!-- results: NAME -->` and `<!-- /results -->`.\n"
    assert fill(sentence + DOCUMENT, results) == sentence + fill(DOCUMENT, results)


def test_the_tables_of_readme_are_those_of_the_results() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert PLACE.search(readme)
    assert fill(readme, ROOT / "results") == readme


def test_no_committed_result_is_a_quick_one() -> None:
    for path in (ROOT / "results").glob("*.json"):
        assert not re.search(r'"quick": true', path.read_text(encoding="utf-8")), path
