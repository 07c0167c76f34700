"""Trained networks on disk: a torch file with the parameters and the configuration.

Loading never executes code from the file: torch reads it with `weights_only=True`.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from assignment.files import write_atomically
from playground.convnets.configuration import ConvConfiguration
from playground.convnets.networks import CONVNETS
from playground.errors import BadFile, PlaygroundError
from playground.values import check_output

NETWORK = "convolutional network, format 1"


def save(model: nn.Module, configuration: ConvConfiguration, path: str | Path) -> None:
    """Writes the network to a file atomically.

    Raises PlaygroundError if there is no such folder, OSError if the file cannot be written.
    """
    check_output(Path(path))
    write(path, NETWORK, {"configuration": asdict(configuration), "state": model.state_dict()})


def load(path: str | Path) -> tuple[nn.Module, ConvConfiguration]:
    """The network in a file written by `save`, on the CPU, and its configuration.

    Raises BadFile if the file is missing, damaged or not a saved network.
    """
    content = read(path, NETWORK, "saved network", "train-cnn --save")
    try:
        configuration = ConvConfiguration(**content["configuration"])
        with torch.device("meta"):  # allocates no memory for a huge width in the file
            model = CONVNETS[configuration.network](configuration)
        check_state(content["state"], model)
        model.load_state_dict(content["state"], assign=True)
    except (PlaygroundError, LookupError, TypeError, RuntimeError) as error:
        raise BadFile(
            f"{path} is not a saved network ({_one_line(error)}), "
            "expected one from train-cnn --save"
        ) from None
    return model, configuration


def check_state(state: Mapping[str, torch.Tensor], model: nn.Module) -> None:
    """Raises PlaygroundError unless names, shapes and types match and all values are finite."""
    expected = model.state_dict()
    if set(state) != set(expected):
        raise PlaygroundError(f"its parameters are not those of {type(model).__name__}")
    for name, value in expected.items():
        found = state[name]
        if not isinstance(found, torch.Tensor) or (found.shape, found.dtype) != (
            value.shape,
            value.dtype,
        ):
            raise PlaygroundError(
                f"{name} does not have shape {tuple(value.shape)} and type {value.dtype}"
            )
        if not torch.isfinite(found).all():
            raise PlaygroundError(f"{name} holds values that are not finite")


def write(path: str | Path, kind: str, content: dict[str, Any]) -> None:
    """Writes tensors and plain values to a file atomically, labelled with their kind."""
    stream = io.BytesIO()
    torch.save({"kind": kind, **content}, stream)
    write_atomically(Path(path), stream.getvalue())


def read(path: str | Path, kind: str, name: str, origin: str) -> dict[str, Any]:
    """The content of a file of that kind, on the CPU. Raises BadFile, naming what was expected."""
    path = Path(path)
    try:
        with path.open("rb") as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of pickles before it rejects them
            content = torch.load(stream, map_location="cpu", weights_only=True)
    except OSError as error:
        raise BadFile(
            f"{path} cannot be read ({error.strerror or error}), expected a {name}"
        ) from None
    except Exception:  # torch can raise anything, with a message about its own internals
        raise BadFile(
            f"{path} is not a {name} (not a torch file, or damaged), expected one from {origin}"
        ) from None
    if not isinstance(content, dict) or content.get("kind") != kind:
        raise BadFile(f"{path} is not a {name}, expected one from {origin}")
    return content


def _one_line(error: Exception) -> str:
    """The first sentence of an error message; torch's messages can fill a page."""
    return " ".join(str(error).split()).split(". ")[0][:200] or type(error).__name__
