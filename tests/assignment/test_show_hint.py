"""`python numpy_ann.py --hint`: one hint more each time, from the first again after a change."""

import json
import os
from pathlib import Path
from types import ModuleType

import pytest

from assignment.parts import PARTS, section_hints
from assignment.show_hint import STATE, show_hint
from tests.support import ROOT, run, sampled, script_with, write_workplace

LEAKY = "return np.where(z > 0, z, 0.1 * z)"
_, RELU = section_hints()["1.2"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_workplace(tmp_path / "work", with_solutions=False)


def hint(folder: Path, *section: str, script: str = "numpy_ann", status: int = 1) -> str:
    """What `--hint` prints, on one line."""
    ran = run(f"{script}.py", "--hint", *section, cwd=folder)
    assert (ran.returncode, ran.stderr) == (status, "")
    return " ".join(ran.stdout.split())


def solve(folder: Path, **changed: str) -> None:
    source = script_with("numpy_ann", {"1.2": changed["relu"]} if changed else {})
    (folder / "numpy_ann.py").write_text(source, encoding="utf-8")


def test_each_call_goes_one_step_further(folder: Path) -> None:
    for shown in (1, 2, 3, 3):
        text = hint(folder)
        assert "1.2 relu not written yet" in text
        assert [one in text for one in RELU] == [number < shown for number in range(3)]
        assert f"Hint {shown} of 3" in text
        assert ("That was the last hint." in text) == (shown == 3)


@pytest.mark.exhaustive
def test_another_verdict_starts_again_and_passing_forgets(folder: Path) -> None:
    hint(folder)
    hint(folder)
    solve(folder, relu=LEAKY)
    text = hint(folder)
    assert "relu(z)[0, 0] is -0.15, expected 0" in text
    assert "negative elements become 0" in text
    assert "Hint 2" not in text
    assert "Hint 2 of 3" in hint(folder)
    solve(folder)
    assert "Every section passes its public checks" in hint(folder, status=0)
    assert json.loads((folder / STATE).read_text()) == {}
    solve(folder, relu=LEAKY)
    assert "Hint 2" not in hint(folder)


def test_a_recognised_mistake_has_its_own_hints(folder: Path) -> None:
    from assignment.hints import hints_for

    source = script_with("pytorch_ann", {"2.3": "return 0.5"})
    (folder / "pytorch_ann.py").write_text(source, encoding="utf-8")
    text = hint(folder, script="pytorch_ann")
    assert hints_for("torch-no-backward")[0] in text or hints_for("torch-no-step")[0] in text


@pytest.mark.parametrize(("section", "words", "status"), [
    ("1.6", "waits for 1.3 and 1.5 Hint 1 of 3", 1),
    ("1.7", "NumPy test accuracy: none of the section checks Hint 1 of 3", 1),
    ("1.1", "softmax (worked example) There is no hint", 0),
])  # fmt: skip
def test_a_section_can_be_asked_for(folder: Path, section: str, words: str, status: int) -> None:
    assert words in hint(folder, section, status=status)


def test_a_section_that_passes_still_has_hints(folder: Path) -> None:
    solve(folder)
    text = hint(folder, "1.2", status=0)
    assert "It passes the public checks. If marking found a mistake in it:" in text
    assert RELU[0] in text


def test_an_unknown_section_is_refused(folder: Path) -> None:
    ran = run("numpy_ann.py", "--hint", "2.1", cwd=folder)
    assert ran.returncode == 2
    assert "numpy_ann.py has no section '2.1', expected one of 1.1, 1.2" in ran.stderr


def test_where_nothing_can_be_noted_the_first_hint_is_shown(folder: Path) -> None:
    (folder / STATE).mkdir()  # also root cannot write that
    for _ in range(2):
        text = hint(folder)
        assert f"{STATE} cannot be written" in text
        assert "Hint 1 of 3" in text
        assert "Hint 2" not in text


@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "large file"])
def test_nothing_but_an_own_note_is_read_or_written(
    folder: Path, tmp_path: Path, kind: str
) -> None:
    target, state = tmp_path / "somebody's", folder / STATE
    if kind == "pipe":
        os.mkfifo(state)
    elif kind == "large file":
        state.write_text("[" * 100_000)
    else:
        state.symlink_to(target)
    if kind == "link":
        target.write_text("important")
    assert f"{STATE} cannot be written" in hint(folder)
    if kind == "link":
        assert target.read_text() == "important"
    if kind == "dangling link":
        assert not target.exists()


@pytest.mark.parametrize(
    "noted",
    sampled(["", "[]", "{", '{"1.2": 7}', '{"1.2": ["", -1]}', "\x00", "[" * 9000], every=3),
)
def test_a_damaged_note_counts_as_none(folder: Path, noted: str) -> None:
    (folder / STATE).write_text(noted)
    assert "Hint 1 of 3" in hint(folder)
    assert "Hint 2 of 3" in hint(folder)


def test_the_checks_alone_stay_as_they_are(folder: Path) -> None:
    solve(folder, relu=LEAKY)
    before = run("numpy_ann.py", "--check", cwd=folder).stdout
    hint(folder)
    assert run("numpy_ann.py", "--check", cwd=folder).stdout == before
    assert "Hint: negative elements become 0" in before
    assert RELU[0] not in before


@pytest.mark.parametrize(("section", "call"), [
    ("", 'main(["--hint"])'), ("1.2", 'main(["--hint", "1.2"])'),
])  # fmt: skip
def test_a_notebook_is_told_what_to_run_there(
    section: str, call: str, capsys: pytest.CaptureFixture[str],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    cells = ModuleType("__main__")  # without a file, as in Jupyter
    exec((ROOT / "numpy_ann.py").read_text().partition("if __name__")[0], vars(cells))
    assert show_hint(PARTS["numpy_ann"], cells, section) == 1
    assert f"Next hint: {call}" in capsys.readouterr().out.splitlines()
