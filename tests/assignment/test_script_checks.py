"""The checklist's view of one script: nothing in it ends the checklist, and nothing wrong passes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from assignment import script_checks
from assignment.script_checks import ScriptReport, check_scripts
from grader.handout.notebooks import notebook
from tests.support import sampled, script_with

RELU = "return np.maximum(z, 0)"


@pytest.fixture
def checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ScriptReport]:
    """Checks a script's source, with 3 seconds for it."""
    monkeypatch.setattr(script_checks, "SECONDS", 3.0)
    monkeypatch.setattr(script_checks, "GRACE", 2.0)

    def check(source: str, name: str = "numpy_ann.py") -> ScriptReport:
        path = tmp_path / name
        path.write_text(source)
        return check_scripts([path])[path.stem]

    return check


def test_a_right_script_passes_every_section(checked: Callable[..., ScriptReport]) -> None:
    report = checked(script_with("numpy_ann", {}))
    assert set(report.statuses.values()) == {"passed"}
    assert len(report.statuses) == 6
    assert (report.problems, report.details) == ([], [])


@pytest.mark.parametrize(("section", "code", "said"), [
    ("1.2", "return np.abs(z)", "1.2 relu: relu(z)[0, 0] is 1.5, expected 0"),
    ("1.2", "return max(0, z)", "whole array has one for each element"),
    ("1.2", "exit()", "Your code called exit()"),
    ("1.5", "return X @ W1", "write self.W1"),
    ("1.6", "return None", "1.6 backward: backward returned"),
])  # fmt: skip
def test_a_wrong_section_is_not_ticked(
    checked: Callable[..., ScriptReport], section: str, code: str, said: str
) -> None:
    report = checked(script_with("numpy_ann", {section: code}))
    assert report.statuses[section] == "failed"
    assert said in "\n".join(report.details)


@pytest.mark.parametrize(("code", "said"), sampled([
    ("while True:\n    pass", "was stopped after 3 s, at numpy_ann.py, line"),
    ("import os\nos._exit(0)", "ended its process in 1.2 (exit status 0)"),
    ("import os\nos.kill(os.getpid(), 9)", "ended its process in 1.2 (exit status -9)"),
    ("while True:\n    print('x' * 1000)", "was stopped after 3 s"),
    ("while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n"
     "        pass", "was stopped after 3 s"),
], every=2), ids=["loop", "os._exit", "killed", "flood", "loop that catches all"])  # fmt: skip
def test_code_that_does_not_return_ends_its_process_only(
    checked: Callable[..., ScriptReport], code: str, said: str
) -> None:
    assert said in " ".join(checked(script_with("numpy_ann", {"1.2": code})).problems)


@pytest.mark.parametrize(("after", "said"), sampled([
    ("def f(:", "cannot be imported: numpy_ann.py, line"),
    ("np.nothing", "cannot be imported: numpy_ann.py, line"),
    ("sys.exit(0)", "Your code called exit()"),
    ("while True: pass", "was stopped after 3 s, at numpy_ann.py, line"),
    ("data = utils.load_fashion_mnist()", "loads data while the script is imported"),
    ("NumpyANN().fit()", "trains while the script is imported"),
    ("main()", "trains while the script is imported"),
    ("BATCH_SIZE = '64'", "BATCH_SIZE is the text '64'"),
    ("LEARNING_RATE = 1e-12", "LEARNING_RATE is 1e-12"),
    ("del EPOCHS", "EPOCHS is not defined at the top"),
    ("del NumpyANN.fit", "fit is not defined in class NumpyANN"),
], every=3))  # fmt: skip
def test_a_script_wrong_as_a_whole_is_a_problem(
    checked: Callable[..., ScriptReport], after: str, said: str
) -> None:
    report = checked(script_with("numpy_ann", {}, after=f"\n{after}\n"))
    assert said in " ".join(report.problems)


def test_an_empty_script_passes_nothing(checked: Callable[..., ScriptReport]) -> None:
    assert "passed" not in checked("").statuses.values()


def test_renamed_names_are_said_with_the_nearest(checked: Callable[..., ScriptReport]) -> None:
    source = script_with("numpy_ann", {}).replace("class NumpyANN", "class NumpyAnn")
    report = checked(source.replace("def relu(", "def Relu("))
    details = "\n".join(report.details)
    assert "relu is not defined in numpy_ann.py; it defines Relu" in details
    assert (report.statuses["1.2"], report.statuses["1.6"]) == ("failed", "waiting")


def test_a_notebook_is_checked_as_a_script_is(checked: Callable[..., ScriptReport]) -> None:
    source = script_with("numpy_ann", {"1.2": "return z"})
    report = checked(notebook(source), "numpy_ann.ipynb")
    assert report.statuses["1.2"] == "failed"
    assert report.statuses["1.3"] == "passed"


def test_a_script_in_latin_1_is_read(checked: Callable[..., ScriptReport], tmp_path: Path) -> None:
    source = "# -*- coding: latin-1 -*-\n# é\n" + script_with("numpy_ann", {})
    path = tmp_path / "numpy_ann.py"
    path.write_bytes(source.encode("latin-1", "replace"))
    report = check_scripts([path])["numpy_ann"]
    assert report.problems == []
    assert set(report.statuses.values()) == {"passed"}
