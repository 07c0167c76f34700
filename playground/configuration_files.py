"""Configurations as YAML files: written by `sweep`, edited by people, read by `train --config`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from assignment.files import write_atomically
from playground.configuration import Configuration, check_whole
from playground.errors import BadFile, PlaygroundError
from playground.extras import require
from playground.registry import choose

MAX_BYTES = 100_000  # a configuration takes about 300
MAX_LAYERS = 1000
# Names that sweeps of Weights & Biases often have, where a list as a value is awkward: the number
# of hidden layers and the size of each, instead of hidden_sizes
LAYERS, UNITS = "hidden_layers", "hidden_size"
OTHER_NAMES = {"weight_init": "initializer"}


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

    `hidden_layers` with `hidden_size`, and `weight_init`, stand for `hidden_sizes` and
    `initializer`.

    >>> from_values({"optimizer": "sgd", "learning_rate": "1e-1"}).learning_rate
    0.1
    >>> from_values({"hidden_layers": 3, "hidden_size": 64, "weight_init": "xavier"}).hidden_sizes
    (64, 64, 64)
    """
    known = {entry.name: entry for entry in fields(Configuration)}
    kept: dict[str, Any] = {}
    for name, value in _usual_names(values).items():
        kind = choose("setting", name, known).type
        if kind == "float" and isinstance(value, str):  # YAML reads 1e-3 as text
            value = _number(name, value)
        elif kind == "bool" and not isinstance(value, bool):
            raise PlaygroundError(f"{name} is {value!r}, expected true or false")
        kept[name] = tuple(value) if isinstance(value, list) else value
    return Configuration(**kept)


def _usual_names(values: Mapping[Any, Any]) -> dict[Any, Any]:
    """The values by the names of a Configuration."""
    usual = {
        name: value
        for name, value in values.items()
        if name not in (LAYERS, UNITS) and name not in OTHER_NAMES
    }
    for other, name in OTHER_NAMES.items():
        if other in values:
            _add(usual, name, values[other], other)
    if LAYERS in values or UNITS in values:
        for name in (LAYERS, UNITS):
            if name not in values:
                raise PlaygroundError(f"{name} is missing, expected both {LAYERS} and {UNITS}")
            check_whole(name, values[name])
        if values[LAYERS] > MAX_LAYERS:
            raise PlaygroundError(f"{LAYERS} is {values[LAYERS]}, expected at most {MAX_LAYERS}")
        _add(usual, "hidden_sizes", (values[UNITS],) * values[LAYERS], LAYERS)
    return usual


def _add(values: dict[Any, Any], name: str, value: Any, other: str) -> None:
    if name in values:
        raise PlaygroundError(f"{name} and {other} mean the same, expected one of them")
    values[name] = value


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise PlaygroundError(f"{name} is {text!r}, expected a number") from None
