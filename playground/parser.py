"""The parser of the command line: it refuses in one line and suggests the nearest name."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from playground.errors import PlaygroundError
from playground.registry import choose, guess


class PlaygroundParser(argparse.ArgumentParser):
    """An ArgumentParser that knows the names of its options and commands, to suggest them."""

    def __init__(self, **settings: Any):
        self.commands: Mapping[str, PlaygroundParser] = {}
        # an abbreviation may start what was not meant: --seed is not --seeds
        super().__init__(**{"allow_abbrev": False, **settings})

    @property
    def flags(self) -> list[str]:
        """The names of all options, such as `--epochs`."""
        return list(self._option_string_actions)

    def add_subparsers(self, **settings: Any) -> Any:
        subparsers = super().add_subparsers(**settings)
        self.commands = subparsers.choices
        return subparsers

    def error(self, message: str) -> NoReturn:
        """Raises PlaygroundError; argparse itself prints several lines and exits."""
        end = "" if message.endswith("?") else "."
        raise PlaygroundError(f"{message}{end} See python -m {self.prog} --help")


def parse(parser: PlaygroundParser, arguments: Sequence[str]) -> argparse.Namespace:
    """The options of a command line. Raises PlaygroundError for an invalid one."""
    first = arguments[0] if arguments else ""
    if first.startswith("-") and first not in parser.flags:
        parser.error(f"unknown option {first}{guess(first, parser.flags)}")
    if first and not first.startswith("-"):
        choose("command", first, parser.commands)
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        command = parser.commands[first]
        name = next((word for word in unknown if word.startswith("-")), "").split("=")[0]
        if not name:
            command.error(f"unexpected argument {unknown[0]!r}")
        command.error(f"unknown option {name}{guess(name, command.flags)}")
    return options
