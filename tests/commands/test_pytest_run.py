"""`pytest grader/ --submission X` is a pytest run that nothing of X configures."""

import json
import os
import subprocess
import sys
import time
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from grader.rubric import load_rubric
from tests.support import ROOT, sampled, write_submission

RUBRIC = load_rubric()
BINARY = Path(sys.executable).with_name("pytest")
ENVIRONMENT = {**os.environ, "COLUMNS": "160", "PYTHONIOENCODING": "utf-8"}


def with_pytest(
    *arguments: object, cwd: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BINARY, *map(str, arguments)],
        cwd=cwd,
        env=ENVIRONMENT | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A submission whose 1.3 is wrong."""
    return write_submission(tmp_path_factory.mktemp("class") / "ada", {"1.3": "return z * 0"})


GRADER = (ROOT / "grader", "--skip-training")


def numbers(path: Path) -> dict[str, str]:
    return {t["number"]: t["status"] for t in json.loads(path.read_text())["tests"]}


@pytest.mark.exhaustive
def test_k_selects_by_name(work: Path, tmp_path: Path) -> None:
    results = tmp_path / "r.json"
    ran = with_pytest(*GRADER, "--submission", work, "-k", "relu", "--results", results)
    assert ran.returncode == 1, ran.stderr
    assert numbers(results) == {"1.2": "passed", "1.3": "failed"}
    assert "deselected" in ran.stdout


@pytest.mark.exhaustive
def test_a_node_id_selects_one_section(work: Path, tmp_path: Path) -> None:
    node = (
        "grader/checks/test_1_numpy_ann.py::test_cross_entropy_is_the_mean_of_minus_log_probability"
    )
    ran = with_pytest(node, f"--submission={work}", "-v")
    assert ran.returncode == 0, ran.stdout
    assert "test_cross_entropy_is_the_mean_of_minus_log_probability PASSED" in ran.stdout
    assert "✓  1.4" in ran.stdout


@pytest.mark.exhaustive
def test_x_stops_at_the_first_failure(work: Path) -> None:
    ran = with_pytest(*GRADER, "--submission", work, "-x", "-q")
    assert ran.returncode == 1
    assert "stopping after 1 failures" in ran.stdout
    assert "✗  1.3" in ran.stdout
    assert "1.4" not in ran.stdout.partition("score card")[2].partition("Total")[0]


def test_junitxml_holds_a_case_for_each_section(work: Path, tmp_path: Path) -> None:
    ran = with_pytest(
        *GRADER, "--submission", work, "-k", "relu", f"--junitxml={tmp_path / 'j.xml'}"
    )
    assert ran.returncode == 1
    cases = ET.parse(tmp_path / "j.xml").getroot().findall(".//testcase")
    assert [case.find("failure") is not None for case in cases] == [False, True]


def test_collect_only_lists_and_marks_nothing(work: Path, tmp_path: Path) -> None:
    results = tmp_path / "r.json"
    ran = with_pytest(*GRADER, "--submission", work, "--collect-only", "-q", f"--results={results}")
    assert ran.returncode == 0
    assert ran.stdout.count("::test_") == sum(not s.training for s in RUBRIC.sections)
    assert not results.exists()


@pytest.mark.exhaustive
def test_durations_are_those_of_sections(work: Path) -> None:
    ran = with_pytest(*GRADER, "--submission", work, "-k", "relu", "--durations=2", "-vv")
    assert "slowest 2 durations" in ran.stdout


@pytest.mark.exhaustive
def test_two_processes_give_the_same_marks(work: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    for results, options in ((one, ()), (two, ("-n", "2"))):
        ran = with_pytest(
            *GRADER,
            "-k",
            "relu or cross",
            "--submission",
            work,
            "--seed=3",
            f"--results={results}",
            *options,
        )
        assert ran.returncode == 1, ran.stderr
    first, second = (json.loads(path.read_text()) for path in (one, two))
    for content in (first, second):
        for test in content["tests"]:
            del test["extra_data"]["seconds"]
    assert first["tests"] == second["tests"]


@pytest.mark.parametrize(("options", "message"), sampled([
    (["--no-such-option"], "unrecognized arguments: --no-such-option"),
    (["-k", "nothing_is_called_so"], "no section is selected"),
    (["-c", "grader/pytest.ini"], "-c cannot be used here"),
    (["--rootdir=/"], "--rootdir=/ cannot be used here"),
    (["--seed", "x"], "--seed is 'x'"),
    (["-k", "and and"], "Wrong expression"),
], every=2))  # fmt: skip
def test_what_cannot_be_honoured_is_status_2_and_one_line(
    work: Path, options: list[str], message: str, tmp_path: Path
) -> None:
    given = (*GRADER, "--submission", work, *options)
    ran = with_pytest(*given, TMPDIR=str(tmp_path))
    assert not list(tmp_path.glob("submission-*"))  # of a worker that was started already
    assert ran.returncode == 2, ran.stdout
    assert ran.stderr.startswith("error: ")
    assert message in ran.stderr
    assert ran.stderr.count("\n") == 1


HOSTILE = "import pathlib\npathlib.Path({proof!r}).write_text('imported')\nraise SystemExit(0)\n"
CONFIGURATIONS = {
    "pytest.ini": "[pytest]\naddopts = --help\npython_files = *.py\n",
    "tox.ini": "[pytest]\naddopts = --co\n",
    "setup.cfg": "[tool:pytest]\naddopts = --version\n",
    "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "--help"\n',
}


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A submission full of configuration; `proof` beside it says whether any of it was run."""
    work = write_submission(tmp_path / "ada", {"1.2": "return -z"})
    for name in ("conftest.py", "tests/conftest.py", "sitecustomize.py", "pytest.py", "utils.py", "grader/__init__.py",
                 "numpy.py", "test_evil.py"):  # fmt: skip
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_text(HOSTILE.format(proof=str(tmp_path / "proof")))
    return work


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the project is installed, as far as pytest looks for plugins."""
    folder = tmp_path_factory.mktemp("installed")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    plugins = project["entry-points"]["pytest11"]
    information = folder / "assignment-0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: assignment\nVersion: 0\n")
    lines = [f"{name} = {module}" for name, module in plugins.items()]
    (information / "entry_points.txt").write_text("\n".join(["[pytest11]", *lines]))
    return folder


ORDERS = ["grader first", "submission first", "as one word", "from there", "beside it"]


@pytest.mark.parametrize(
    ("order", "configuration"),
    [
        ("submission first", "pyproject.toml"),
        ("from there", "pytest.ini"),
        *(
            pytest.param(order, "pytest.ini", marks=pytest.mark.exhaustive)
            for order in ORDERS
            if order != "from there"
        ),
        *(
            pytest.param("submission first", name, marks=pytest.mark.exhaustive)
            for name in CONFIGURATIONS
            if name not in ("pytest.ini", "pyproject.toml")
        ),
    ],
)
def test_nothing_of_a_submission_configures_pytest(
    hostile: Path, tmp_path: Path, installed: Path, order: str, configuration: str
) -> None:
    (hostile / configuration).write_text(CONFIGURATIONS[configuration])
    arguments, cwd = {
        "grader first": ([ROOT / "grader", "--submission", hostile], ROOT),
        "submission first": (["--submission", hostile, ROOT / "grader"], tmp_path),
        "as one word": ([f"--submission={hostile}", ROOT / "grader"], tmp_path),
        "from there": ([ROOT / "grader"], hostile),
        "beside it": (["--submission", "ada", ROOT / "grader"], hostile.parent),
    }[order]
    ran = with_pytest(
        *arguments, "--only=1.2", cwd=cwd, PYTHONPATH=f"{installed}{os.pathsep}{ROOT}"
    )
    assert not (tmp_path / "proof").exists()
    assert ran.returncode == 1, (ran.stdout, ran.stderr)
    assert "✗  1.2" in ran.stdout


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_ending_the_command_ends_the_marking(work: Path, tmp_path: Path) -> None:
    """The process that was started is the one that marks: nothing is left behind."""
    command = [BINARY, ROOT / "grader", "--submission", work]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=ENVIRONMENT | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        line, deadline = Path(f"/proc/{process.pid}/cmdline"), time.monotonic() + 20
        while b"pytest_run.py" not in line.read_bytes() and time.monotonic() < deadline:
            time.sleep(0.02)
        became_it = b"pytest_run.py" in line.read_bytes()
        while not list(tmp_path.glob("submission-*")) and time.monotonic() < deadline:
            time.sleep(0.02)  # until a worker is there
        process.terminate()
    assert became_it
    assert process.returncode == 2
    assert not list(tmp_path.glob("submission-*"))
