"""Without a sandbox, nothing is marked unless the instructor asks for it explicitly."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader import REFERENCE
from grader.__main__ import main
from grader.errors import CannotGrade
from grader.marking.marking import Marking
from grader.options import Options
from grader.results import Report, Status
from grader.rubric import load_rubric
from grader.sandbox import forkserver_client, levels
from grader.sandbox.levels import choose, expected
from grader.submission.reading import open_submission
from tests.classroom.support import make_class

RUBRIC = load_rubric()


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


@pytest.fixture
def broken_bwrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A bwrap that is installed and may not make namespaces."""
    bwrap = tmp_path / "bwrap"
    bwrap.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n"
    )
    for folder in (*reversed(tmp_path.parents), tmp_path):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/tmp"):
            folder.chmod(0o755)
    bwrap.chmod(0o755)
    monkeypatch.setattr(levels.bubblewrap, "executable", lambda: str(bwrap))
    monkeypatch.setattr(levels, "template_for", lambda *_: None)  # or none would be used any more
    clear_what_was_tried()
    yield
    clear_what_was_tried()


def clear_what_was_tried() -> None:
    levels.why_unavailable.cache_clear()
    levels._try_out.cache_clear()


def marked(requested: str) -> Report:
    options = Options(seed=0, only=("1.2",), sandbox=requested)
    marking = Marking(open_submission(REFERENCE), RUBRIC, options)
    marking.mark_all()
    return marking.report()


@pytest.mark.usefixtures("broken_bwrap")
def test_a_level_that_does_not_start_is_left_for_the_next() -> None:
    assert expected("auto").level == "bubblewrap"
    report = marked("auto")
    assert report.sandbox == choose("auto").level == "user"
    assert [section.status for section in report.sections] == [Status.PASSED]


@pytest.mark.usefixtures("broken_bwrap")
def test_no_other_level_is_taken_than_the_requested_one() -> None:
    with pytest.raises(CannotGrade, match=r"bubblewrap: .*No permissions to create new namespace"):
        marked("bubblewrap")


def test_a_server_that_fails_for_another_reason_keeps_its_level(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failures, finish = [], forkserver_client.finish

    def fail_once(*arguments: Any) -> None:
        if not failures:
            failures.append(arguments)
            raise OSError(28, "No space left on device")
        finish(*arguments)

    monkeypatch.setattr(forkserver_client, "finish", fail_once)
    assert marked("bubblewrap").sandbox == "bubblewrap"
    assert len(failures) == 1


def test_marking_tries_out_no_level_that_its_first_server_shows_to_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clear_what_was_tried()
    monkeypatch.setattr(levels, "_try_out", lambda level: pytest.fail(f"{level} was tried out"))
    assert marked("auto").sandbox == "bubblewrap"


def test_without_a_script_the_level_is_tried_out(tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "README.md").write_text("nothing yet")
    shutil.copy(REFERENCE / "numpy_ann.py", tmp_path / "ada" / "pytorch_ann.py")
    options = Options(seed=0, only=("1.2",))
    marking = Marking(open_submission(tmp_path / "ada"), RUBRIC, options)
    assert marking.mark_all()["1.2"].status is Status.FAILED
    assert marking.report().sandbox == choose("auto").level
