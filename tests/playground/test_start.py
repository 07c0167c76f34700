"""What starts with `python -m playground`, and with `import playground`: nothing that is not needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from playground.__main__ import COMMANDS
from tests.support import ROOT

HEAVY = {
    "torch", "sklearn", "scipy", "pandas", "matplotlib", "optuna", "yaml", "tensorboard", "wandb",
}  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_the_options_of_a_command_need_numpy_alone(command: str) -> None:
    code = f"""
import sys
from playground.__main__ import parser_for
parser_for([{command!r}])
found = {HEAVY} & set(sys.modules)
sys.exit(str(found) if found else 0)
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize("arguments", [["--help"], ["trian"]])
def test_help_and_misspelt_commands_do_not_wait_for_numpy(arguments: list[str]) -> None:
    code = f"""
import sys
from playground.__main__ import COMMANDS, main
try:
    main({arguments})
finally:
    assert "numpy" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "train" in done.stdout + done.stderr


def test_the_package_offers_what_it_names_and_nothing_else() -> None:
    import playground

    assert all(getattr(playground, name) is not None for name in playground.__all__)
    assert set(playground.__all__) <= set(dir(playground))
    with pytest.raises(AttributeError, match="'playground' has no attribute 'Netwrok'"):
        _ = playground.Netwrok


def test_python_m_playground_is_a_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "playground", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0
    for command in ("train", "samples", "export-csv"):
        assert command in done.stdout
