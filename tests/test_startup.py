"""Nothing is imported that is not needed: who waits a second for torch must have asked for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.__main__ import COMMANDS
from playground.__main__ import COMMANDS as PLAYGROUND
from tests.support import ROOT, run, write_workplace

HEAVY = (
    "torch",
    "torchvision",
    "sklearn",
    "scipy",
    "pandas",
    "matplotlib",
    "distributed",
    "optuna",
    "yaml",
    "tensorboard",
    "wandb",
)
# Runs a command as `python -m` or `python FILE` would, then prints which of the packages it has imported
SPY = """
import runpy, sys
kind, name, *sys.argv[1:] = sys.argv[1:]
sys.argv[0] = name
status = 0
try:
    runpy.run_module(name, run_name="__main__", alter_sys=True) if kind == "-m" else runpy.run_path(name, run_name="__main__")
except SystemExit as end:
    status = end.code or 0
print("imported:", *sorted({module.split(".")[0] for module in sys.modules}))
sys.exit(status)
"""


def imported(*command: str | Path, cwd: Path = ROOT) -> set[str]:
    """The packages that a command imports before it ends with status 0."""
    ran = run("-c", SPY, *command, cwd=cwd, PYTHONPATH=str(ROOT) if cwd == ROOT else str(cwd))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return set(ran.stdout.splitlines()[-1].removeprefix("imported: ").split())


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_the_graders_help_imports_no_package_and_nothing_slow(command: str) -> None:
    packages = imported("-m", "grader", *command.split(), "--help")
    assert not packages & {"numpy", "pytest", "rich", "jinja2", *HEAVY}
    assert not packages & {"dataclasses", "inspect", "json", "hashlib", "random", "statistics"}


def test_the_playgrounds_help_does_not_wait_for_numpy() -> None:
    assert not imported("-m", "playground", "--help") & {"numpy", *HEAVY}


@pytest.mark.parametrize(
    "arguments",
    [
        *(f"{command} --help" for command in PLAYGROUND),
        "train --recipe quick --epochs 1 --train-size 200",
    ],
)
def test_the_numpy_playground_needs_numpy_alone(arguments: str) -> None:
    packages = imported("-m", "playground", *arguments.split())
    assert "numpy" in packages
    assert not packages & {*HEAVY}


@pytest.mark.parametrize("arguments", ["--check", "--help"])
def test_part_one_is_checked_without_torch_and_matplotlib(arguments: str, tmp_path: Path) -> None:
    workplace = write_workplace(tmp_path, with_solutions=True)
    packages = imported("", "numpy_ann.py", arguments, cwd=workplace)
    assert "numpy" in packages
    assert not packages & {"tqdm", *HEAVY}


def test_the_workers_of_a_marking_start_before_numpy_is_imported() -> None:
    """They import it too, at the same time."""
    code = (
        "import sys\nfrom grader.commands import grade\n"
        "grade.begun_servers = lambda *_: sys.exit(f'numpy: {\"numpy\" in sys.modules}')\n"
        "from grader.__main__ import main\nmain(sys.argv[1:])"
    )
    ran = run("-c", code, "grade", "grader/reference", "--only=1.2")
    assert ran.stderr.splitlines()[-1] == "numpy: False"


def test_part_one_trains_without_torch(tmp_path: Path) -> None:
    workplace = write_workplace(tmp_path, with_solutions=True)
    (workplace / "train.py").write_text(
        "import numpy_ann\nnumpy_ann.main(['--epochs', '1', '--train-size', '200'])\n"
    )
    assert "torch" not in imported("", "train.py", cwd=workplace)


def test_the_spy_sees_what_is_imported(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("def late():\n    import sqlite3\nlate()\n")
    assert "sqlite3" in imported("", "script.py", cwd=tmp_path)
