"""The files of the Classroom 50 autograder: complete, without solutions, and what they say."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from assignment.section_checks import CHECKS
from grader.errors import CannotGrade
from grader.handout.stubs import leaks, reference_source
from grader.publish.classroom50 import autograder, bundle, result
from grader.publish.classroom50.marking import ASKED
from grader.rubric import parse_rubric
from grader.sections import SCRIPTS
from tests.publish.classroom50_runner import MARKED, POINTS
from tests.support import ROOT, run

# what the bundle holds of the grader, besides the rooms that keep student code apart
GRADER_FILES = {
    "__init__.py", "checked_toml.py", "errors.py", "results.py", "rubric.py", "rubric.toml", "rules.py", "sections.py",
    "checks/__init__.py", "checks/test_0_checklist.py", "report/__init__.py", "report/text.py",
    "publish/__init__.py", "publish/classroom50/__init__.py", "publish/classroom50/result.py",
    "publish/classroom50/marking.py",
}  # fmt: skip
TOP = {
    "autograder.py", "settings.json", "README.md", "constraints.txt", "requirements.txt",
    "utils.py", "assignment", "grader",
}  # fmt: skip


def names_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_bundle_holds_these_files_and_no_others(published: Path) -> None:
    assert {path.name for path in published.iterdir()} == TOP
    rooms = {
        path.relative_to(ROOT / "grader").as_posix()
        for room in ("sandbox", "submission", "worker")
        for path in (ROOT / "grader" / room).glob("*.py")
    }
    assert names_in(published / "grader") == GRADER_FILES | rooms
    tracked = subprocess.run(
        ["git", "ls-files", "assignment"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split()
    students = {name for name in tracked if name.endswith(".py")}
    cases = "assignment/checks/numpy/public_cases.json"
    held = {f"assignment/{name}" for name in names_in(published / "assignment")}
    assert held == students | {cases, "assignment/rubric.toml", "assignment/hints.toml"}


def test_no_line_of_a_solution_is_in_the_bundle(published: Path) -> None:
    for path in published.rglob("*"):
        if path.is_file():
            text = path.read_text()
            assert [line for script in SCRIPTS for line in leaks(text, script)] == [], path
    for script in SCRIPTS:  # the proof that this can fail
        assert leaks(reference_source(script), script)


def test_nothing_in_the_bundle_draws_hidden_inputs(published: Path) -> None:
    """Part 1's inputs are drawn with the reference's answers; no file of theirs is there."""
    hidden = ("oracle", "reference", "training", "selftest", "feedback", "marking", "handout")
    held = names_in(published)
    assert not [
        name for name in held if name.startswith(tuple(f"grader/{room}/" for room in hidden))
    ]
    assert not [name for name in held if "cases" in name and name.startswith("grader/")]
    assert "seed" not in (published / "settings.json").read_text()
    public = (ROOT / "assignment/checks/numpy/public_cases.json").read_bytes()
    assert (published / "assignment/checks/numpy/public_cases.json").read_bytes() == public


def imported(path: Path) -> set[str]:
    """The modules that a file imports anywhere, except for the type checker."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return {name for name in found if name.split(".")[0] in ("grader", "assignment")}


def test_every_import_of_the_bundle_is_in_it(published: Path) -> None:
    for path in published.rglob("*.py"):
        for name in imported(path):
            place = published.joinpath(*name.split("."))
            assert place.with_suffix(".py").is_file() or (place / "__init__.py").is_file(), (
                f"{path.relative_to(published)} imports {name}"
            )


def test_every_public_check_that_needs_no_curves_is_asked() -> None:
    public = {check.number for checks in CHECKS.values() for check in checks}
    assert set(ASKED) == public - {"1.1", "2.5", "3.5"}
    assert set(MARKED) == {*ASKED, "0.1"}


def test_a_bundle_above_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "MAX_BYTES", 100_000)
    with pytest.raises(CannotGrade, match=r"bytes as \.tar\.gz, expected at most 100,000"):
        bundle.write_bundle(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_points_that_are_no_whole_number_are_refused() -> None:
    text = (ROOT / "grader" / "rubric.toml").read_text()
    changed = text.replace("points = 6", "points = 5.5", 1).replace("points = 8", "points = 8.5", 1)
    with pytest.raises(CannotGrade, match=r"section 1\.4 has 5\.5 points .* a whole number"):
        bundle.packed_settings(parse_rubric(changed, "rubric.toml"))


def test_a_folder_in_use_is_refused(published: Path) -> None:
    before = (published / "README.md").read_bytes()
    ran = run("-P", "-m", "grader", "publish", "classroom50", "--out", published.parent)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert "is not empty, expected a new folder" in ran.stderr
    assert (published / "README.md").read_bytes() == before


def test_everything_that_is_written_says_what_is_marked(published: Path) -> None:
    settings = json.loads((published / "settings.json").read_text())
    assert f"{POINTS:g} of the assignment's 100 points" in settings["notice"]
    assert settings["notice"] in (published / "README.md").read_text()
    docs = (ROOT / "docs" / "instructors.md").read_text()
    assert f"| marked there | 0.1, 1.2 to 1.6, 2.1 to 2.4, 3.1 to 3.4 | {POINTS:g} |" in docs
    assert settings["notice"] in result.body(result.unmarked(settings, "no reason"), settings)


def test_the_runtime_is_one_that_the_platform_takes(published: Path) -> None:
    runtime = json.loads((published.parent / "runtime.json").read_text())
    assert set(runtime) <= {"runs-on", "python", "node", "java", "go", "rust", "apt", "container"}
    assert re.fullmatch(r"[A-Za-z0-9._+-]{1,32}", runtime["python"])
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.+-]{0,63}", name) for name in runtime["apt"])


SETTINGS = {"sections": [["1.2", "relu", 4], ["1.4", "cross_entropy", 6]], "notice": "…"}


def outcome(feedback: str = "", problem: str = "") -> result.Outcome:
    wrong, right = (
        result.Section("1.2", "relu", 4, False, feedback),
        result.Section("1.4", "x", 6, True),
    )
    return result.Outcome((wrong, right), problem)


def test_a_scripts_words_end_no_block_and_give_no_orders() -> None:
    words = "relu is wrong\n  | ```\n::set-output name=status::success\n| <b>100/100</b>"
    text = result.body(outcome(words), SETTINGS)
    fenced = text.split("````text\n")[1].split("\n````\n")[0]
    assert fenced == words
    assert all(line.startswith("  ") for line in result.log(outcome(words)).splitlines())


def test_the_summary_fits_a_commit_status() -> None:
    assert outcome().summary == "6/10 by the public checks (1 of 2 sections)"
    long = outcome(problem="because\n" + "x" * 500)
    assert len(long.summary) <= 140
    assert "\n" not in long.summary
    assert (long.score, long.status) == (0, "failure")
    assert not any(test["passed"] for test in result.content(long, {})["tests"])


def test_a_release_text_stays_below_githubs_limit() -> None:
    assert len(result.body(outcome("x" * 300_000), SETTINGS)) < 125_000


def test_missing_packages_are_installed_away_from_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements.txt").write_text("numpy>=1\nnot-installed-anywhere>=1\n")
    (tmp_path / "requirements-torch.txt").write_text("torch>=2\n")
    commands: list[list[str]] = []
    monkeypatch.setattr(autograder, "HERE", tmp_path)
    monkeypatch.setattr(
        autograder, "_run", lambda command, *_: commands.append([str(word) for word in command])
    )
    python = autograder._python(tmp_path / "x", 0.0)
    assert python == str(tmp_path / "x" / "environment" / "bin" / "python")
    assert [command[1:4] for command in commands] == [
        ["-I", "-m", "venv"], ["-I", "-m", "pip"], ["-I", "-m", "pip"]
    ]  # fmt: skip
    assert "--no-deps" in commands[1]
    assert commands[2][-4:] == [
        "-c", str(tmp_path / "constraints.txt"), "-r", str(tmp_path / "requirements.txt")
    ]  # fmt: skip


def test_apparmors_profile_is_loaded_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = tmp_path / "called"
    (tmp_path / "sudo").write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>{called}\n')
    (tmp_path / "sudo").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(autograder, "LOADED", tmp_path / "loaded")
    monkeypatch.setattr(autograder, "PROFILE", tmp_path / "profile")
    autograder._let_bubblewrap_create_namespaces()
    assert not called.exists()  # nothing to load
    (tmp_path / "profile").write_text("")
    autograder._let_bubblewrap_create_namespaces()
    assert called.read_text().splitlines() == [
        f"-n cp {tmp_path}/profile {tmp_path}/loaded",
        f"-n apparmor_parser -r {tmp_path}/loaded",
    ]
