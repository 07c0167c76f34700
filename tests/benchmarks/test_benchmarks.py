"""The benchmark measures in turn, keeps old sections and says by how much a goal was missed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import machine
from benchmarks.__main__ import SECTIONS
from benchmarks.records import (
    BenchmarkSection,
    BenchmarkSettings,
    Goal,
    ResultTable,
    Spread,
    as_json,
    as_markdown,
)
from benchmarks.timing import Contender, environment, interleave, run_command
from tests.support import ROOT, run

MACHINE = {
    "processor": "P",
    "cores": 2,
    "memory": "4 GiB",
    "load average": 0.1,
    "OPENBLAS_CORETYPE": "unset",
    "versions": {"Python": "3"},
}


def bench(*arguments: str | Path) -> tuple[int, str]:
    ran = run("-m", "benchmarks", *arguments, cwd=ROOT)
    return ran.returncode, ran.stdout + ran.stderr


def test_contenders_take_turns_and_every_second_round_goes_backwards() -> None:
    asked = []
    values = interleave(
        {"a": lambda: asked.append("a") or 1.0, "b": lambda: asked.append("b") or 2.0}, 3
    )
    assert "".join(asked) == "abbaab"
    assert values == {"a": Spread((1.0,) * 3), "b": Spread((2.0,) * 3)}


@pytest.mark.parametrize(("goal", "verdict"), [
    (Goal("", 1.5, at_most=1.6), "met"),
    (Goal("", 1.6, at_most=1.6), "met"),
    (Goal("", 2.0, at_most=1.6, unit="x"), "missed by 0.4x"),
    (Goal("", Spread((1.0, 3.0, 9.0)), at_least=2.0), "met"),
    (Goal("", Spread((1.0, 3.0, 9.0)), at_least=5.0, unit=" s"), "missed by 2 s"),
    (Goal("", None, at_most=1.0), "not measured"),
])  # fmt: skip
def test_a_goal_says_whether_it_is_met_and_by_how_much_it_is_missed(
    goal: Goal, verdict: str
) -> None:
    assert goal.verdict == verdict


def test_the_page_shows_medians_with_their_range_beside_the_goals() -> None:
    spread = Spread((0.1, 0.25, 0.2))
    section = BenchmarkSection(
        "A title",
        [ResultTable("Seconds", ("", "one", "other"), [("row", spread, None)])],
        [Goal("a step", spread, at_most=0.15, unit=" s", note="bounded by light")],
        ["so it was"],
    )
    page = as_markdown(
        {"name": as_json(section, BenchmarkSettings(repeats=3), MACHINE, "2030-01-02")}
    )
    for line in (
        "## A title",
        "| a step | at most 0.15 s | 0.2 s (0.1–0.25) | missed by 0.05 s |",
        "| row | 0.2 (0.1–0.25) |  |",
        "- so it was",
        "- a step: bounded by light",
    ):
        assert line in page.splitlines()
    assert "2030-01-02, 3 rounds; P, 2 cores, 4 GiB, load average 0.1 at the start" in page


def test_a_command_is_measured_with_its_children_and_what_it_printed(tmp_path: Path) -> None:
    (tmp_path / "burn.py").write_text("import time\nwhile time.process_time() < 0.2: pass\n")
    (tmp_path / "parent.py").write_text(
        "import subprocess, sys\nsubprocess.run([sys.executable, 'burn.py'])\n"
        "print('done')\nsys.exit(3)\n"
    )
    cost = run_command(["parent.py"], cwd=tmp_path)
    assert (cost.status, cost.output) == (3, "done\n")
    assert cost.cpu > 0.2
    assert cost.memory > 1


def test_the_environment_of_a_process_has_the_threads_asked_for_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert environment(2)["OMP_NUM_THREADS"] == environment(2)["OPENBLAS_NUM_THREADS"] == "2"
    assert "OMP_NUM_THREADS" not in environment()


def test_a_contender_that_ends_early_is_named() -> None:
    with (
        Contender("json.tool", "no such file") as contender,
        pytest.raises(RuntimeError, match=r"json\.tool.*status"),
    ):
        contender.wait()


@pytest.mark.exhaustive
def test_a_section_measured_alone_replaces_only_its_own_part(tmp_path: Path) -> None:
    old = {
        name: as_json(
            BenchmarkSection(f"Old {name}", []), BenchmarkSettings(), MACHINE, "2030-01-02"
        )
        for name in SECTIONS
    }
    (tmp_path / "RESULTS.json").write_text(json.dumps({"sections": old}))
    status, output = bench("training", "--quick", "--output", tmp_path)
    assert status == 0, output
    sections = json.loads((tmp_path / "RESULTS.json").read_text())["sections"]
    assert {name for name in SECTIONS if sections[name] == old[name]} == {*SECTIONS} - {"training"}
    assert sections["training"]["settings"] == {"repeats": 1, "quick": True, "full": False}
    page = (tmp_path / "RESULTS.md").read_text()
    assert "quick: these figures mean nothing" in page
    assert "| playground / bare matrix products, 1 thread" in page
    assert "Old startup" in page
    assert "Old training" not in page


@pytest.mark.exhaustive
def test_the_start_of_commands_is_measured(tmp_path: Path) -> None:
    status, output = bench("startup", "--quick", "--output", tmp_path)
    assert status == 0, output
    commands, loading = json.loads((tmp_path / "RESULTS.json").read_text())["sections"]["startup"][
        "tables"
    ]
    (_, bare, few, _), (name, check, many, longest) = commands["rows"]
    assert name == "`python numpy_ann.py --check`"
    assert bare["median"] < check["median"]
    assert few < many
    assert "numpy" in longest
    assert len(loading["rows"]) == 5


@pytest.mark.parametrize(("arguments", "message"), [
    (["trainign"], "unknown section 'trainign', expected training"),
    (["training", "--repeats", "0"], "--repeats is 0, expected 1 or more"),
    (["training", "--quick"], "--quick needs --output"),
    (["training", "--output", "nowhere"], "--output nowhere is not a folder"),
])  # fmt: skip
def test_what_makes_no_sense_is_said_in_a_line(arguments: list[str], message: str) -> None:
    status, output = bench(*arguments)
    assert status == 2
    assert message in output


def test_every_section_has_a_module_that_measures() -> None:
    for name in SECTIONS:
        assert (
            "def measure(settings: BenchmarkSettings) -> BenchmarkSection:"
            in (ROOT / "benchmarks" / f"{name}.py").read_text()
        )


def test_the_page_of_results_is_the_one_that_their_json_gives() -> None:
    sections = json.loads((ROOT / "benchmarks/RESULTS.json").read_text(encoding="utf-8"))[
        "sections"
    ]
    assert (ROOT / "benchmarks/RESULTS.md").read_text(encoding="utf-8") == as_markdown(sections)
    assert set(sections) <= set(SECTIONS)
    assert not any(section["settings"]["quick"] for section in sections.values())


@pytest.mark.parametrize(("flags", "said"), [
    ("fpu avx avx2 avx512f", "A Processor 9 with AVX-512"),
    ("fpu avx avx2", "A Processor 9 with AVX2"),
    ("fpu avx", "A Processor 9"),
])  # fmt: skip
def test_the_processor_is_named_with_its_widest_vectors(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, flags: str, said: str
) -> None:
    core = f"processor\t: 0\nmodel name\t: A Processor 9\nflags\t\t: {flags}\n\n"
    (tmp_path / "cpuinfo").write_text(core * 2)
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "cpuinfo")
    assert machine.describe(None)["processor"] == said
