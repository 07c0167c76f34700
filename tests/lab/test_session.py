"""The lab's Python in Pyodide: the same verdicts as elsewhere, and an end to everything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lab.support import in_pyodide, numpy_specimens
from tests.support import ROOT, script_with

SOLVED = script_with("numpy_ann", {})
ONE_EPOCH = SOLVED.replace("EPOCHS = 8", "EPOCHS = 1")


def of_kind(messages: list[Any], kind: str) -> list[Any]:
    return [message for message in messages if message["kind"] == kind]


def verdicts(messages: list[Any]) -> dict[str, str]:
    """The status of each section; {} where a forbidden import costs them all."""
    if any("may not be imported" in one["text"] for one in of_kind(messages, "problem")):
        return {}
    return {one["number"]: one["status"] for one in of_kind(messages, "section")}


@pytest.mark.parametrize("every", [25, pytest.param(1, marks=pytest.mark.exhaustive)])
def test_specimens_get_the_verdicts_that_they_get_in_cpython(
    every: int, lab: Path, tmp_path: Path
) -> None:
    specimens = dict(list(numpy_specimens().items())[::every])
    assert len(specimens) > 250 // every
    scripts, out = tmp_path / "scripts.json", tmp_path / "out.json"
    asked = [{"text": text, "seconds": seconds} for text, seconds in specimens.values()]
    scripts.write_text(json.dumps(asked))
    with subprocess.Popen(
        [sys.executable, "-m", "tests.lab.statuses", str(scripts), str(out)], cwd=ROOT
    ) as cpython:
        answers = in_pyodide(lab, tmp_path, asked, "--checks-alone")
        assert cpython.wait(300) == 0
    expected = dict(zip(specimens, json.loads(out.read_text()), strict=True))
    found = {name: verdicts(messages) for name, messages in zip(specimens, answers, strict=True)}
    different = {
        name: (found[name], expected[name]) for name in found if found[name] != expected[name]
    }
    assert different == {}


ENDLESS = {
    "while": ("z = z + 0\nwhile True:\n    z = z * 1", "1.2", True),
    "for": ("for _ in range(10**12):\n    pass", "1.2", True),
    "recursion that is caught": (
        "def again(n):\n    try:\n        return again(n + 1)\n    except RecursionError:\n"
        "        return again(n)\nagain(0)",
        "1.2",
        True,
    ),
    "comprehension": ("return np.array([0 for _ in range(10**12)])", "1.2", True),
    "prints": ('while True:\n    print("again")', "1.2", True),
    "with time standing still": (
        "import time\ntime.perf_counter = lambda: 0\nwhile True:\n    pass",
        "1.2",
        True,
    ),
    "in a message": (
        "class Odd(Exception):\n    def __str__(self):\n        while True:\n            pass\n"
        "raise Odd",
        "1.2",
        True,
    ),
    "catches what stops it": (
        "while True:\n    try:\n        z = z + 0\n    except Exception:\n        pass",
        "1.2",
        True,
    ),
}


@pytest.mark.exhaustive
def test_endless_loops_end_and_name_their_line(lab: Path, tmp_path: Path) -> None:
    sources = [script_with("numpy_ann", {number: code}) for code, number, _ in ENDLESS.values()]
    requests = [{"text": text, "seconds": 2} for text in [*sources, SOLVED]]
    *stopped, after = in_pyodide(lab, tmp_path, requests)
    for name, source, messages in zip(ENDLESS, sources, stopped, strict=True):
        (stop,) = of_kind(messages, "stopped")
        line = source.splitlines()[stop["line"] - 1]
        assert line.strip(), name
        assert line.strip() in stop["where"], name
        assert sum(len(one["text"]) for one in of_kind(messages, "printed")) < 60_000
    assert [one["status"] for one in of_kind(after, "section")] == ["passed"] * 6


HOSTILE = {
    "a module replaced": "np.maximum = None\nnp.exp = None\nimport builtins\nbuiltins.len = None\n",
    "an exit": "import sys\nsys.exit(3)\n",
    "settings changed": 'np.seterr(all="raise")\nnp.set_printoptions(precision=1)\n',
    "utils replaced": "utils.minibatches = utils.progress = utils.History = None\n",
    "no input": "input()\n",
    "no memory": "np.zeros(10**12)\n",
    "its own interrupt": "raise KeyboardInterrupt\n",
    "not Python": "def relu(z:\n",
    "no utils": "import sys\nsys.modules.pop('utils')\n",
    "the output gone": "import sys\nsys.stdout = sys.stderr = None\n",
    "no str": "import sys\nsys.stdout.write(b'x')\n",
    "its own BaseException": "class Odd(BaseException): pass\nraise Odd\n",
    "half a character": "# \ud83d\n",
    "no script": "# too long\n" * 20_000,
    "modules of ours": "import ast, io, json\nast.parse = io.StringIO = json.dumps = None\n",
    "classes": "import pathlib\npathlib.Path.write_text = utils.History.record = None\n",
    "tables": "from assignment.section_checks import CHECKS, Outcome\nCHECKS.clear()\n"
    "Outcome.__init__ = None\n",
    "code": "import assignment.parts as parts\nimport assignment.section_checks as checks\n"
    "checks.run_checks.__code__ = (lambda part, module, *, verbose=False: iter(())).__code__\n",
    "settings": "import gc, sys\nsys.setrecursionlimit(90)\ngc.disable()\nsys.path_hooks.clear()\n"
    "def fail(*_): raise ValueError\nsys.settrace(fail)\n",
    "monitoring": "import sys\nsys.monitoring.free_tool_id(sys.monitoring.DEBUGGER_ID)\n",
}
ENDING = ("an exit", "no input", "no memory", "its own interrupt", "not Python", "no str",
          "its own BaseException", "half a character")  # fmt: skip


@pytest.mark.exhaustive
def test_one_run_does_not_decide_the_next_and_training_is_that_of_cpython(
    lab: Path, tmp_path: Path
) -> None:
    requests = []
    for code in HOSTILE.values():
        requests += [{"text": f"{SOLVED}\n{code}"}, {"text": SOLVED}]
    requests.append({"text": ONE_EPOCH, "images": 2000})
    *answers, trained = in_pyodide(lab, tmp_path, requests)
    for name, messages in zip(HOSTILE, answers[1::2], strict=True):
        statuses = [one["status"] for one in of_kind(messages, "section")]
        assert statuses == ["passed"] * 6, (name, messages)
    broken = dict(zip(HOSTILE, answers[0::2], strict=True))
    for name in ENDING:
        (message,) = of_kind(broken[name], "broken")
        assert message["lines"], name
        assert message["line"] > 0, name
        assert not any(".zip" in line or "ast.py" in line for line in message["lines"])
    (message,) = of_kind(broken["no script"], "broken")
    assert "expected at most 200,000" in message["lines"][0]
    assert not any(one["worn"] for messages in answers for one in of_kind(messages, "done"))
    expect_training_of_cpython(trained, tmp_path)


@pytest.mark.exhaustive
def test_lines_are_reported_and_a_worn_python_says_so(lab: Path, tmp_path: Path) -> None:
    source = script_with("numpy_ann", {"1.2": "for _ in range(3):\n    z = z * 1\nreturn z"})
    task = "import asyncio\nasync def go(): pass\nasyncio.ensure_future(go())\n"
    files = 'import os\nos.remove(os.path.dirname(__file__) + "/assignment/hints.toml")\n'
    requests = [{"text": text} for text in (source, f"{SOLVED}\n{task}", f"{SOLVED}\n{files}")]
    answers = in_pyodide(lab, tmp_path, requests)
    assert [of_kind(one, "done")[0]["worn"] for one in answers] == [False, True, True]
    reported = [one["line"] for one in of_kind(answers[0], "at")]
    line = source.splitlines().index("    return z") + 1
    assert {line - 2, line - 1, line} <= set(reported)  # each before it runs for the first time
    assert len(reported) < 300


def expect_training_of_cpython(messages: list[Any], tmp_path: Path) -> None:
    (tmp_path / "numpy_ann.py").write_text(ONE_EPOCH)
    (tmp_path / "utils.py").write_text((ROOT / "utils.py").read_text())
    (tmp_path / "assignment").symlink_to(ROOT / "assignment")
    done = subprocess.run(
        [sys.executable, "numpy_ann.py", "--train-size", "2000", "--data-dir", ROOT / "data"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    (trained,) = of_kind(messages, "trained")
    assert f"Test accuracy {trained['accuracy']:.2%}" in done.stdout
    assert [one["epoch"] for one in of_kind(messages, "epoch")] == [1]
    assert of_kind(messages, "progress")
