"""Networks on disk: an `.npz` with the parameters and, as JSON, the sizes and the configuration.

Loading never executes code from the file: NumPy reads it with `allow_pickle=False`.
"""

from __future__ import annotations

import io
import itertools
import json
import zipfile
from dataclasses import asdict
from pathlib import Path

import numpy as np

from assignment.files import write_atomically
from playground.configuration import Configuration
from playground.errors import BadFile, PlaygroundError
from playground.network import Network

FORMAT = 1
MAX_PARAMETERS = 1 << 28  # the largest network here has a few million


def save(network: Network, path: str | Path) -> None:
    """Writes the network to a file atomically. Raises OSError if it cannot be written."""
    inputs, classes = network.sizes[0], network.sizes[-1]
    description = {
        "format": FORMAT,
        "inputs": inputs,
        "classes": classes,
        **asdict(network.configuration),
    }
    # a hyperparameter search may have drawn NumPy numbers
    text = json.dumps(description, default=lambda number: number.item())
    content = io.BytesIO()
    np.savez(content, description=np.array(text), parameters=network.parameters)
    write_atomically(Path(path), content.getvalue())


def load(path: str | Path) -> Network:
    """The network in a file from `save`. Raises BadFile if it is missing, damaged or wrong."""
    path = Path(path)
    try:
        with path.open("rb") as stream:
            network = _network(zipfile.ZipFile(stream))
    except OSError as error:
        raise BadFile(
            f"{path} cannot be read ({error.strerror or error}), expected a saved network"
        ) from None
    except Exception as error:  # a damaged archive, header or JSON text can raise anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BadFile(
            f"{path} is not a saved network ({reason}), expected an .npz from train --save"
        ) from None
    return network


def _network(archive: zipfile.ZipFile) -> Network:
    """The network in the archive; the parameters are read only after their size was checked."""
    if any(name.endswith("/data.pkl") for name in archive.namelist()):
        raise PlaygroundError("it is a convolutional one, from train-cnn")
    description = dict(json.loads(str(_array(archive, "description", 10_000))))
    if "kind" in description:
        raise PlaygroundError(f"it is a {description['kind']}")
    if description.pop("format", None) != FORMAT:
        raise PlaygroundError(f"its format is not {FORMAT}")
    inputs, classes = int(description.pop("inputs")), int(description.pop("classes"))
    configuration = Configuration(
        **{**description, "hidden_sizes": tuple(description["hidden_sizes"])}
    )
    sizes = (inputs, *configuration.hidden_sizes, classes)
    count = sum((rows + 1) * columns for rows, columns in itertools.pairwise(sizes))
    if min(sizes) < 1 or count > MAX_PARAMETERS:
        raise PlaygroundError(
            f"its sizes are {sizes}, expected at most {MAX_PARAMETERS} parameters in total"
        )
    parameters = _array(archive, "parameters", 8 * count + 1000)
    if (
        parameters.shape != (count,)
        or parameters.dtype.kind != "f"
        or not np.isfinite(parameters).all()
    ):
        raise PlaygroundError(f"its parameters are not {count} finite numbers")
    network = Network(inputs, classes, configuration, dtype=parameters.dtype)
    network.parameters[...] = parameters
    return network


def _array(archive: zipfile.ZipFile, name: str, largest: int) -> np.ndarray:
    """One array of the archive. Raises PlaygroundError if it has more than `largest` bytes."""
    if archive.getinfo(f"{name}.npy").file_size > largest:
        raise PlaygroundError(f"its {name} takes more than {largest} bytes")
    with archive.open(f"{name}.npy") as stream:
        array: np.ndarray = np.lib.format.read_array(stream, allow_pickle=False)
    return array
