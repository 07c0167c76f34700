"""A student's words are never the grader's: no row, total or status line can be written by a script."""

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from assignment.failure import without_quotes
from grader.classroom.reports.junit import _case
from grader.report import terminal
from grader.report.results_json import _test
from grader.report.text import feedback, headline
from grader.results import SectionResult
from tests.support import mark, mark_here, run, sampled, script_with, write_submission

HOSTILE = (
    "\\x1b[2J\\nTotal 100 of 100 points in 1.0 s (sandbox: user)\\r\\n  ✓  1.2  relu  4/4\\u2028"
    "PASSED\\x85FAILED <b>bold</b>\\vTotal 100"
)
WORDS = ("Total 100", "PASSED", "FAILED", "4/4", "<b>")
RAISES = f'raise ValueError("{HOSTILE}")'
OWN_TYPE = f'raise type("{HOSTILE}", (Exception,), {{}})("{HOSTILE}")'
CHANNELS: dict[str, dict[str, str]] = {
    "an exception": {"1.2": RAISES},
    "an exception's type": {"1.2": OWN_TYPE},
    "an exception of a given method": {"1.6": f'print("{HOSTILE}")\n{OWN_TYPE}'},
    "a printed line": {"1.2": f'print("{HOSTILE}")\nreturn -z'},
    "a type's name": {"1.2": f'return type("{HOSTILE}", (), {{}})()'},
    "a loss's type": {"1.4": f'return type("{HOSTILE}", (), {{}})()'},
    "a text": {"1.4": f'return "{HOSTILE}"'},
    "keys": {"1.6": f'return {{"{HOSTILE}": 1, "PASSED": 2}}'},
    "a stub": {"1.3": f'raise NotImplementedError("TODO {HOSTILE}")'},
    "a function's name": {
        "1.2": f'code = (lambda z: z[99, 99, 99]).__code__.replace(co_name="{HOSTILE}")\n'
        "return type(lambda: 0)(code, {})(z)"
    },
    "a missing name": {"1.2": f'raise AttributeError("{HOSTILE}", name="{HOSTILE}", obj=z)'},
    "a cause": {"1.2": f'e = ValueError("x")\ne.marking_cause = "{HOSTILE}"\nraise e'},
    "JUDGEMENT": {"2.5": f'JUDGEMENT = "{HOSTILE}"'},
    "a parameter": {
        "2.1": "self.a, self.b = nn.Linear(784, 64), nn.Linear(64, 10)\n"
        f'self.register_parameter("{HOSTILE}".replace(".", ""), nn.Parameter(torch.ones(10)))',
        "2.2": "loose = list(self.parameters())[0]\n"
        "return self.b(F.relu(self.a(X))) + loose.detach() * 1.0",
    },
    "a list of layers": {
        "2.1": f'setattr(self, "{HOSTILE}", [nn.Linear(784, 10)])\nself.a = nn.Linear(784, 10)',
        "2.2": "return self.a(X)",
    },
    "a misfit": {
        "2.1": f'self.add_module("{HOSTILE}".replace(".", ""), nn.Linear(784, 10))\n'
        "self.b = nn.Linear(64, 10)",
        "2.2": "return self.b(list(self.children())[0](X))",
    },
    "a loss of torch": {"2.3": f'return "{HOSTILE}"'},
    "a label": {"2.4": f'return "{HOSTILE}"'},
}  # fmt: skip


def expect_marked(text: str) -> None:
    """Every hostile word stands behind a bar or in quotation marks; nothing controls a terminal."""
    assert "\x1b" not in text
    for line in text.splitlines():
        if not line.lstrip().startswith("| "):
            assert not any(word in without_quotes(line) for word in WORDS), line


def expect_row(text: str) -> None:
    assert len(text.splitlines()) == 1
    assert not any(word in text.split("  ", 6)[-1] for word in WORDS), text


@pytest.mark.parametrize("channel", sampled(CHANNELS, every=2))
def test_what_a_script_says_is_marked_wherever_it_is_shown(tmp_path: Path, channel: str) -> None:
    sections = CHANNELS[channel]
    results = mark_here(write_submission(tmp_path / "ada", sections), list(sections))
    assert any(result.status == "failed" for result in results.values())
    for result in results.values():
        expect_everywhere(result)


def expect_everywhere(result: SectionResult) -> None:
    expect_marked(feedback(result))
    said = headline(result.verdict, 300)
    expect_row(said)
    assert not any(word in said for word in WORDS), said
    content: dict[str, Any] = _test(result)
    expect_marked(content["output"])
    case = _case(result)
    for problem in case:
        expect_row(problem.get("message", ""))
        expect_marked(problem.text or "")
    assert ET.fromstring(ET.tostring(case)).tag == "testcase"
    assert terminal.line(result).count("\n") == 0


def test_a_hang_names_no_function_of_a_script_in_its_row(tmp_path: Path) -> None:
    code = "def PASSED():\n    while True: pass\nPASSED()"
    work = write_submission(tmp_path / "ada", {"2.4": code})
    result = mark_here(work, ["2.4"], call_seconds=3)["2.4"]
    assert "gave no answer within" in headline(result.verdict, 300)
    expect_everywhere(result)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("class") / "Total 100 of 100 points"
    source = script_with(
        "numpy_ann", {"1.2": OWN_TYPE, "1.3": RAISES, "1.4": f'print("{HOSTILE}")'}
    )
    constant = f'EPOCHS = ["{HOSTILE}"]\nimport PASSED\nPASSED.x\n'
    return write_submission(
        folder, numpy_ann=source, pytorch_cnn=constant + script_with("pytorch_cnn", {})
    )


def test_the_score_card_and_results_are_the_graders(hostile: Path) -> None:
    page = hostile.parent / "page.html"
    marked = mark(hostile, "--only=0.1,1.2,1.3,1.4,3.1", f"--html={page}")
    assert marked.status == 1
    head, *rest = marked.out.splitlines()
    assert head.startswith("Marking ")
    totals = [line for line in rest if line.lstrip().startswith("Total")]
    assert len(totals) == 1
    expect_marked("\n".join(rest))
    for test in marked.results["tests"]:
        expect_marked(test["output"])
    assert "<b>bold" not in page.read_text()


def test_pytests_own_lines_are_the_graders(hostile: Path) -> None:
    ran = run("-P", "-m", "pytest", "grader/", f"--submission={hostile}", "--only=1.2,1.3,1.4,3.1",
              "--tb=short", "-rA", "-p", "no:cacheprovider")  # fmt: skip
    assert ran.returncode == 1, ran.stdout
    for line in ran.stdout.splitlines():
        if "Total 100 of" in line and not line.startswith("Marking"):
            assert line.lstrip().startswith("| "), line
        if line.startswith(("PASSED", "FAILED", "ERROR")):
            assert "grader/checks/" in line, line
