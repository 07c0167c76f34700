"""The examples in the docstrings of the playground, and those of the README, are true."""

import doctest
import importlib
import shlex
from pathlib import Path

import pytest

from playground.__main__ import COMMANDS, parser_for
from tests.support import ROOT

WITH_EXAMPLES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted((ROOT / "playground").rglob("*.py"))
    if ">>> " in path.read_text()
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.attempted
    assert not outcome.failed


def test_commands_of_the_readme_can_be_run_in_their_order() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition("# After the assignment")[2]
    lines = text.partition("```sh\n")[2].partition("```")[0].splitlines()
    written = {"shirt.jpg"}  # one's own picture
    for line in lines:
        arguments = shlex.split(line, comments=True)[3:]
        options = parser_for(arguments).parse_args(arguments)
        read = [getattr(options, "network", None), *(getattr(options, "images", None) or [])]
        found = {str(path) for path in read if isinstance(path, Path)}
        assert found <= written, f"{line} reads what no line before it has written"
        written.add(str(getattr(options, "save", None)))
    assert "net.npz" in written


def test_the_readme_names_the_commands_that_read_csv_files() -> None:
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    named = text.partition("With `--csv TRAIN TEST`")[2].partition("(")[2].partition(")")[0]
    reading = [
        f"`{name}`" for name in COMMANDS if "--csv" in parser_for([name]).commands[name].flags
    ]
    assert sorted(reading) == sorted(named.split(", "))
