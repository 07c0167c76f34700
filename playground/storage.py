"""Networks on disk: an `.npz` with the parameters and, as JSON, the sizes and the configuration.

The file also holds the state of the layers, such as running means. Of a network from a list of
layers it holds only their names: `load` needs the layers themselves, as code is never stored.
Loading never executes code from the file: NumPy reads it with `allow_pickle=False`.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from assignment.files import write_atomically
from playground.configuration import Configuration
from playground.errors import BadFile, PlaygroundError
from playground.layers import Layer
from playground.network import Network, Snapshot
from playground.values import MAX_PARAMETERS, check_output

FORMAT = 2
OLD_FORMAT = 1  # multilayer perceptrons, without state or a list of layers
MAX_HEADER = 4096  # bytes before the numbers of an array
MAX_DESCRIPTION = 1 << 24  # bytes; that of a checkpoint has the loss of each step


class _AnotherKind(PlaygroundError):
    """The file holds a network, but not one that can be loaded in this way."""


def save(network: Network, path: str | Path) -> None:
    """Writes the network to a file atomically.

    Raises PlaygroundError if there is no such folder, OSError if the file cannot be written.
    """
    check_output(Path(path))
    description = {
        "format": FORMAT,
        "inputs": network.shapes[0][0],
        "classes": network.shapes[-1][0],
        "layers": list(map(repr, network.layers)) if network.composed else None,
        **asdict(network.configuration),
    }
    # a hyperparameter search may have drawn NumPy numbers
    text = json.dumps(description, default=lambda number: number.item())
    content = io.BytesIO()
    np.savez(content, description=np.array(text), **network.snapshot()._asdict())
    write_atomically(Path(path), content.getvalue())


def load(path: str | Path, layers: Sequence[Layer] | None = None) -> Network:
    """The network in a file from `save`. Raises BadFile if it is missing, damaged or wrong.

    A network that was made from a list of layers needs new layers like them.
    """
    path = Path(path)
    try:
        with path.open("rb") as stream:
            network = _network(zipfile.ZipFile(stream), layers)
    except OSError as error:
        raise BadFile(
            f"{path} cannot be read ({error.strerror or error}), expected a saved network"
        ) from None
    except _AnotherKind as error:
        raise BadFile(f"{path} cannot be loaded: {error}") from None
    except Exception as error:  # a damaged archive, header or JSON text can raise anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BadFile(
            f"{path} is not a saved network ({reason}), expected an .npz from train --save"
        ) from None
    return network


def _network(archive: zipfile.ZipFile, layers: Sequence[Layer] | None) -> Network:
    """The network in the archive."""
    if any(name.endswith("/data.pkl") for name in archive.namelist()):
        raise _AnotherKind("it is a convolutional network, from train-cnn")
    description = dict(json.loads(str(_array(archive, "description", MAX_DESCRIPTION))))
    if "kind" in description:
        raise _AnotherKind(f"it is a {description['kind']}")
    found = description.pop("format", None)
    if found not in (FORMAT, OLD_FORMAT):
        raise PlaygroundError(f"its format is not {FORMAT}")
    inputs, classes = int(description.pop("inputs")), int(description.pop("classes"))
    _check_layers(description.pop("layers", None), layers)
    configuration = Configuration(
        **{**description, "hidden_sizes": tuple(description["hidden_sizes"])}
    )
    parameters = _numbers(archive, "parameters")
    if layers is None:
        network = Network(inputs, classes, configuration, dtype=parameters.dtype)
    else:
        try:
            network = Network(layers, configuration=configuration, dtype=parameters.dtype)
        except PlaygroundError as error:  # the fault of the layers, not of the file
            raise _AnotherKind(str(error)) from None
    expected = network.snapshot()
    state = expected.state if found == OLD_FORMAT else _numbers(archive, "state")
    if (parameters.shape, state.shape) != (expected.parameters.shape, expected.state.shape):
        raise _AnotherKind(
            f"its parameters have shape {parameters.shape} and its state {state.shape}, expected "
            f"{expected.parameters.shape} and {expected.state.shape}"
        )
    network.restore(Snapshot(parameters, state))
    return network


def _check_layers(saved: list[str] | None, given: Sequence[Layer] | None) -> None:
    """Raises PlaygroundError unless the given layers are those of the file, by their names."""
    names = None if given is None else list(map(repr, given))
    if names != saved and saved is None:
        raise _AnotherKind("it was made from a configuration: load it without layers")
    if names != saved:
        raise _AnotherKind(
            f"its layers are [{', '.join(map(str, saved or []))}]: load it from Python with "
            "storage.load(path, layers=[…]), with new layers like these"
        )


def _numbers(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """An array of the archive. Raises PlaygroundError unless it holds finite numbers."""
    numbers = _array(archive, name, 8 * MAX_PARAMETERS + MAX_HEADER)
    if numbers.dtype.kind != "f" or not np.isfinite(numbers).all():
        raise PlaygroundError(f"its {name} are not all finite numbers")
    return numbers


def _array(archive: zipfile.ZipFile, name: str, largest: int) -> np.ndarray:
    """One array of the archive. Raises PlaygroundError if it has more than `largest` bytes."""
    if archive.getinfo(f"{name}.npy").file_size > largest:
        raise PlaygroundError(f"its {name} takes more than {largest} bytes")
    with archive.open(f"{name}.npy") as stream:
        array: np.ndarray = np.lib.format.read_array(stream, allow_pickle=False)
    return array
