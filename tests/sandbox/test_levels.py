"""Without a sandbox, nothing is marked unless the instructor asks for it explicitly."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.__main__ import main
from grader.errors import CannotGrade
from grader.sandbox import levels
from grader.sandbox.levels import choose
from tests.classroom.support import make_class


@pytest.fixture(params=["darwin", "win32", "freebsd14"])
def elsewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    levels.why_unavailable.cache_clear()
    monkeypatch.setattr(sys, "platform", request.param)
    yield request.param
    levels.why_unavailable.cache_clear()


@pytest.mark.parametrize("requested", ["auto", "bubblewrap", "user"])
def test_no_level_is_chosen_on_another_system(elsewhere: str, requested: str) -> None:
    with pytest.raises(CannotGrade, match=f"needs Linux, this is {elsewhere}"):
        choose(requested)


def test_a_class_is_refused_with_one_line(
    elsewhere: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    submissions = make_class(tmp_path / "class", "ada")
    for options in ([], ["--sandbox=auto"], ["--sandbox=user"], ["--regrade"]):
        book = tmp_path / "g.db"
        assert main(["batch", str(submissions), f"--gradebook={book}", *options]) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        (line,) = printed.err.splitlines()
        assert f"needs Linux, this is {elsewhere}" in line
        assert "--sandbox none marks without one, for code you trust" in line
        assert not book.exists()


def test_one_submission_is_refused_with_one_line(
    elsewhere: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = make_class(tmp_path / "class", "ada") / "ada"
    assert main(["grade", str(work), "--only=1.2", "--device=cpu"]) == 2
    assert f"needs Linux, this is {elsewhere}" in capsys.readouterr().err.splitlines()[-1]


def test_only_none_is_none(elsewhere: str) -> None:
    assert choose("none").level == "none"
    assert elsewhere not in choose("none").words
