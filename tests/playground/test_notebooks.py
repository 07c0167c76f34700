"""The notebooks run, report what they computed, and match their sources."""

from __future__ import annotations

import ast
import base64
import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest

from playground.__main__ import main
from playground.configuration import RECIPES
from playground.convnets import networks
from playground.convnets.configuration import CONV_RECIPES
from playground.convnets.networks import parameter_count
from playground.errors import PlaygroundError
from playground.experiments import present, results
from playground.network import Network
from playground.notebooks import build, is_quick
from playground.notebooks.setup import SETUP
from tests.support import ROOT

QUESTIONS = 10


def outputs(book: Any, kind: str) -> list[str]:
    """All outputs of one kind."""
    found = [
        output["data"].get(kind)
        for cell in book["cells"]
        for output in cell.get("outputs", [])
        if "data" in output
    ]
    return ["".join(content) for content in found if content]


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


SHORT = "layers_of_your_own"  # the others take up to half a minute each, even in brief


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.exhaustive if name != SHORT else ())
        for name in build.NAMES
    ],
)
def test_a_notebook_runs_and_shows_pictures_and_findings(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["notebooks", name, "--quick", "--output", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path / name}.ipynb: ")
    book = read(tmp_path / f"{name}.ipynb")
    assert outputs(book, "text/markdown")[0].startswith("**A quick run")
    pictures = outputs(book, "image/png")
    assert len(pictures) >= 4
    assert all(base64.b64decode(picture).startswith(b"\x89PNG") for picture in pictures)
    assert not [
        output
        for cell in book["cells"]
        for output in cell.get("outputs", [])
        if output["output_type"] == "error"
    ]


@pytest.mark.parametrize("name", build.NAMES)
def test_the_committed_notebook_is_that_of_its_source_run_in_full(name: str) -> None:
    book, fresh = read(ROOT / "notebooks" / f"{name}.ipynb"), build.unexecuted(name)
    sources = [("".join(cell["source"]), cell["cell_type"], cell["id"]) for cell in book["cells"]]
    assert sources == [(cell.source, cell.cell_type, cell.id) for cell in fresh.cells]
    counts = [cell["execution_count"] for cell in book["cells"] if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert "A quick run" not in " ".join(outputs(book, "text/markdown"))


@pytest.mark.parametrize("name", build.NAMES)
def test_code_shown_in_a_committed_notebook_is_that_of_today(name: str) -> None:
    cells = read(ROOT / "notebooks" / f"{name}.ipynb")["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    imports = [
        ast.unparse(node)
        for node in ast.parse("\n".join(sources)).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    exec("\n".join(imports), names := {})  # type: ignore[var-annotated]
    for cell in cells:
        if shown := re.search(r"^show_code\((.*)\)$", "".join(cell["source"]), re.MULTILINE):
            displayed = outputs({"cells": [cell]}, "text/markdown")
            for thing in eval(f"[{shown[1]}]", names):
                assert inspect.getsource(thing).rstrip() in displayed[0], f"{shown[0]} is old"


def test_the_committed_notebook_holds_the_interactive_figure_as_its_data() -> None:
    book = read(ROOT / "notebooks" / "neural_network_from_scratch.ipynb")
    data = [
        output["data"]["application/vnd.plotly.v1+json"]
        for cell in book["cells"]
        for output in cell.get("outputs", [])
        if "application/vnd.plotly.v1+json" in output.get("data", {})
    ]
    (figure,) = data
    shown = [dict(trace["customdata"]) for trace in figure["data"] if "customdata" in trace]
    trained = int(
        re.search(r"(\d+) trained to their end", " ".join(outputs(book, "text/markdown")))[1]
    )
    assert len(shown) == trained
    assert all({"learning_rate", "optimizer", "depth"} <= set(trial) for trial in shown)


def test_the_committed_comparison_was_run_with_todays_recipes() -> None:
    shown = "\n".join(outputs(read(ROOT / "notebooks" / "network_vs_cnn.ipynb"), "text/markdown"))
    for name, recipe in CONV_RECIPES.items():
        count = parameter_count(networks.build(recipe, 0))
        assert f"|CNN, recipe {name}|{recipe.network}|{count:,}|" in shown
    best = Network(784, 10, RECIPES["best"]).parameter_count
    assert f"{RECIPES['best'].epochs} epochs, {best:,} parameters" in shown
    assert f" epochs, {parameter_count(networks.build(CONV_RECIPES['fast'], 0)):,} param" in shown


def test_the_committed_comparison_shows_todays_results() -> None:
    book = read(ROOT / "notebooks" / "network_vs_cnn.ipynb")
    result = present(results.read(ROOT / "results" / "network-vs-cnn.json"))
    assert str(result.finding) in outputs(book, "text/markdown")
    picture = (ROOT / "results" / "network-vs-cnn-images.png").read_bytes()
    assert picture in [base64.b64decode(png) for png in outputs(book, "image/png")]


@pytest.mark.parametrize("name", build.NAMES)
def test_the_committed_notebook_is_small_and_tells_nothing_of_the_machine(name: str) -> None:
    path = ROOT / "notebooks" / f"{name}.ipynb"
    text = path.read_text(encoding="utf-8")
    assert len(text) < 1_000_000
    assert not re.search(r"(?<![\w.:/])/(root|work|home|tmp|Users)/", text)
    assert str(ROOT) not in text
    assert all(
        set(cell) <= {"cell_type", "id", "metadata", "source", "outputs", "execution_count"}
        for cell in read(path)["cells"]
    )
    assert all(cell["metadata"] == {} for cell in read(path)["cells"])


def test_ten_questions_are_asked_and_each_is_answered_with_a_picture_or_a_table() -> None:
    book = build.unexecuted("neural_network_from_scratch")
    parts: list[list[str]] = [[]]
    for cell in book.cells:
        if cell.cell_type == "markdown" and "## " in cell.source.replace("# #", ""):
            parts.extend([] for _ in re.findall(r"^## \d+\. ", cell.source, re.MULTILINE))
        parts[-1].append(cell.source)
    assert len(parts) - 1 == QUESTIONS
    for part in parts[1:]:
        assert any("show(" in source or "table(" in source for source in part)


def test_the_first_cell_finds_the_repository_and_says_what_to_do_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend("")
    monkeypatch.chdir(ROOT / "notebooks")
    exec(SETUP, found := {})  # type: ignore[var-annotated]
    assert found["root"] == Path.cwd() == ROOT
    (tmp_path / "uploaded" / "playground").mkdir(parents=True)
    (tmp_path / "uploaded" / "playground" / "network.py").touch()
    monkeypatch.chdir(tmp_path)
    exec(SETUP, found := {})
    assert found["root"] == Path.cwd() == tmp_path / "uploaded"
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(
        FileNotFoundError, match="upload its zip or set REPOSITORY, then run this cell again"
    ):
        exec(SETUP, {})


def test_a_cell_that_fails_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "network_vs_cnn.py").write_text("# %% [markdown]\n# # Title\n\n# %%\n1 / 0\n")
    monkeypatch.setattr(build, "SOURCES", tmp_path)
    monkeypatch.setattr(build, "SETUP", "pass")
    with pytest.raises(
        PlaygroundError, match=r"network_vs_cnn failed: .*ZeroDivisionError: division by zero"
    ):
        build.executed("network_vs_cnn", quick=True)


@pytest.mark.parametrize(("arguments", "message"), [
    (["network_vs_cn"], "unknown notebook 'network_vs_cn', did you mean 'network_vs_cnn'?"),
    (["--output", "file/notebooks"], "file/notebooks cannot be created"),
])  # fmt: skip
def test_what_cannot_be_made_is_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    assert main(["notebooks", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(("value", "quick"), [("1", True), ("0", False), ("", False)])
def test_an_environment_variable_makes_them_quick(
    value: str, quick: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_QUICK", value)
    assert is_quick() is quick
