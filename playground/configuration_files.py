"""Configurations as YAML files: written by `sweep`, edited by people, read by `train --config`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from assignment.files import write_atomically
from playground.configuration import Configuration
from playground.errors import BadFile, PlaygroundError
from playground.extras import require
from playground.registry import choose

MAX_BYTES = 100_000  # a configuration takes about 300


def write_configuration(path: str | Path, configuration: Configuration, comment: str = "") -> None:
    """Writes the configuration to a file atomically, below the lines of a comment."""
    require("yaml", "playground")
    import yaml

    values = {**asdict(configuration), "hidden_sizes": list(configuration.hidden_sizes)}
    text = "".join(f"# {line}\n" for line in comment.splitlines())
    # default_flow_style=None puts each list on one line
    text += yaml.safe_dump(values, sort_keys=False, default_flow_style=None, width=1000)
    write_atomically(Path(path), text.encode())


def read_configuration(path: str | Path) -> Configuration:
    """The configuration in a file; omitted settings have their defaults.

    Raises BadFile if the file is missing, is not YAML or holds an invalid setting.
    """
    require("yaml", "playground")
    import yaml

    path = Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PlaygroundError(f"it has {path.stat().st_size} bytes")
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict) or not values:
            raise PlaygroundError("it does not consist of `name: value` lines")
        return from_values(values)
    except OSError as error:
        raise BadFile(
            f"{path} cannot be read ({error.strerror}), expected a configuration"
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise BadFile(
            f"{path} is not a configuration ({reason}), expected YAML as written by sweep"
        ) from None


def from_values(values: Mapping[Any, Any]) -> Configuration:
    """The configuration with these values. Raises PlaygroundError for a wrong name or value.

    >>> from_values({"optimizer": "sgd", "learning_rate": "1e-1"}).learning_rate
    0.1
    """
    known = {entry.name: entry for entry in fields(Configuration)}
    kept: dict[str, Any] = {}
    for name, value in values.items():
        kind = choose("setting", name, known).type
        if kind == "float" and isinstance(value, str):  # YAML reads 1e-3 as text
            value = _number(name, value)
        elif kind == "bool" and not isinstance(value, bool):
            raise PlaygroundError(f"{name} is {value!r}, expected true or false")
        kept[name] = tuple(value) if isinstance(value, list) else value
    return Configuration(**kept)


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise PlaygroundError(f"{name} is {text!r}, expected a number") from None
