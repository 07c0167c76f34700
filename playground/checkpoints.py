"""Checkpoints of the NumPy network: a run is saved after each epoch, and can be resumed or extended.

A resumed run ends bit for bit as an uninterrupted one. The file is an `.npz` with the parameters,
the optimizer's arrays and, as JSON, everything else; loading it never executes code from it.
`identity` and `check_identity` serve the convolutional networks too.
"""

from __future__ import annotations

import io
import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from assignment.files import write_atomically
from playground.configuration import Configuration
from playground.errors import BadFile, PlaygroundError
from playground.network import Network, Snapshot
from playground.optimizers import Optimizer
from playground.values import check_output

if TYPE_CHECKING:
    from playground.convnets.configuration import ConvConfiguration
    from playground.training import Best

KIND = "NumPy network in training, format 1"


def identity(
    configuration: Configuration | ConvConfiguration, seed: object, *data: np.ndarray
) -> dict[str, Any]:
    """Everything that determines a run. To resume it, all must be the same but more epochs.

    Raises PlaygroundError unless the seed is an integer: a generator has no name.
    """
    if not isinstance(seed, int | np.integer):
        raise PlaygroundError(f"seed is a {type(seed).__name__}, a checkpoint needs an integer")
    checksum = 0
    for array in data:
        checksum = zlib.crc32(np.ascontiguousarray(array).data, checksum)
    return {**asdict(configuration), "seed": int(seed), "checksum of the images": checksum}


def check_identity(path: Path, found: object, wanted: Mapping[str, Any]) -> int:
    """The number of epochs of the saved run.

    Raises PlaygroundError, naming a difference, if the file belongs to another or a longer run.
    """
    other = found if isinstance(found, dict) else {}
    names = [name for name in wanted if name != "epochs"]
    differing = [name for name in names if other.get(name) != wanted[name]]
    if differing or set(other) != set(wanted) or not isinstance(other["epochs"], int):
        name = differing[0] if differing else "format"
        raise PlaygroundError(
            f"{path} is a checkpoint of another run: its {name} is {other.get(name)!r}, "
            f"expected {wanted.get(name)!r}; resume with that run's options or choose "
            "another file"
        )
    epochs: int = other["epochs"]
    if wanted["epochs"] < epochs:
        raise PlaygroundError(
            f"{path} is a checkpoint of a run of {epochs} epochs, expected at least as many to "
            f"resume it, not {wanted['epochs']}"
        )
    return epochs


def check_resumed(checkpoint: str | Path | None, *, resume: bool) -> None:
    """Raises PlaygroundError if a run is to be resumed without saying which, or cannot be saved."""
    if checkpoint is not None:
        check_output(Path(checkpoint))
    elif resume:
        raise PlaygroundError("resume needs a checkpoint, the file of the run to resume")


def resumed(done: int, before: int, now: int, schedule: str) -> str:
    """A line about a resumed run.

    >>> resumed(3, 5, 5, "cosine")
    'resumed after epoch 3 of 5'
    >>> resumed(5, 5, 8, "cosine")
    'resumed after epoch 5 of 5, extended to 8: from here on the cosine schedule is that of 8 epochs'
    """
    line = f"resumed after epoch {done} of {before}"
    if now > before:
        line += f", extended to {now}"
        if schedule != "constant":
            line += f": from here on the {schedule} schedule is that of {now} epochs"
    return line


class Saved(NamedTuple):
    """Of a saved run: how many epochs it was to have, its seconds, and the last
    `Controls.rate_factor`, by which the learning rate was multiplied."""

    epochs: int
    seconds: float
    rate_factor: float


def check_rate_factor(factor: object) -> float:
    """A factor of the learning rate from a file. Raises ValueError for one that makes no sense."""
    if not isinstance(factor, int | float) or not 0 < factor < math.inf:
        raise ValueError(f"the learning rate is multiplied by {factor!r}")
    return float(factor)


@dataclass(frozen=True)
class Checkpoint:
    """The file of a run, and all that changes in it from epoch to epoch.

    `curves` are lists with a value per epoch or step. `load` fills all parts in place.
    """

    path: Path
    identity: dict[str, Any]
    network: Network
    optimizer: Optimizer
    batch_rng: np.random.Generator
    best: Best
    curves: Mapping[str, list[float]]

    def save(self, seconds: float, rate_factor: float = 1.0) -> None:
        """Writes the run to the file atomically. Raises OSError if it cannot be written."""
        description = {
            "kind": KIND,
            "identity": self.identity,
            "curves": dict(self.curves),
            "best": [self.best.epoch, self.best.accuracy],
            "generators": [rng.bit_generator.state for rng in self._generators()],
            "seconds": seconds,
            "rate_factor": rate_factor,
        }
        text = json.dumps(description, default=_plain)
        content = io.BytesIO()
        np.savez(content, description=np.array(text), **self._arrays())
        write_atomically(self.path, content.getvalue())

    def load(self) -> Saved:
        """What was saved beside the parts of this run, which are restored.

        Raises BadFile if the file is missing, damaged or not a checkpoint, PlaygroundError if it
        belongs to another run.
        """
        try:
            with self.path.open("rb") as stream:
                saved = dict(np.load(io.BytesIO(stream.read()), allow_pickle=False))
            description = json.loads(str(saved.pop("description")))
            if description["kind"] != KIND:
                raise ValueError("it is of another kind")
        except OSError as error:
            raise BadFile(
                f"{self.path} cannot be read ({error.strerror}), expected a checkpoint"
            ) from None
        except Exception:  # a damaged archive, header or JSON text can raise anything
            raise BadFile(
                f"{self.path} is not a checkpoint, or damaged, expected one from train --checkpoint"
            ) from None
        wanted = json.loads(json.dumps(self.identity, default=_plain))
        found = description.get("identity")
        if isinstance(found, dict) and "parameters" in saved:
            # files of earlier versions do not name it
            found = {"dtype": str(saved["parameters"].dtype), **found}
        epochs = check_identity(self.path, found, wanted)
        try:
            self._restore(description, saved)
            # files of earlier versions have no factor
            factor = check_rate_factor(description.get("rate_factor", 1.0))
            return Saved(epochs, float(description["seconds"]), factor)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise BadFile(
                f"{self.path} is a damaged checkpoint ({reason}), expected a complete one"
            ) from None

    def _arrays(self) -> dict[str, Any]:
        """The arrays of the run by name; in the optimizer also numbers, as arrays of one."""
        arrays: dict[str, Any] = {
            f"optimizer.{name}": np.asarray(getattr(self.optimizer, name))
            for name in self.optimizer.state_names
        }
        arrays |= self.network.snapshot()._asdict()
        if self.best.snapshot is not None:
            arrays |= _named_best(self.best.snapshot)
        return arrays

    def _restore(self, description: dict[str, Any], saved: dict[str, np.ndarray]) -> None:
        """Fills all parts from the file. Raises ValueError if one does not fit."""
        lengths = {len(curve) for curve in description["curves"].values()}
        if set(description["curves"]) != set(self.curves) or not min(lengths):
            raise ValueError("its curves are not those of a run")
        expected = self._arrays()
        if "best.parameters" in saved:
            expected |= _named_best(self.network.snapshot())
        for name, array in expected.items():
            _check(name, saved.get(name), array)
        for rng, state in zip(self._generators(), description["generators"], strict=True):
            rng.bit_generator.state = state
        self.network.restore(Snapshot(saved["parameters"], saved["state"]))
        for name in self.optimizer.state_names:
            value = saved[f"optimizer.{name}"]
            if value.ndim:
                getattr(self.optimizer, name)[...] = value
            else:
                setattr(self.optimizer, name, value.item())
        for name, curve in self.curves.items():
            curve[:] = map(float, description["curves"][name])
        self.best.epoch, self.best.accuracy = description["best"]
        if "best.parameters" in saved:
            self.best.snapshot = Snapshot(saved["best.parameters"], saved["best.state"])

    def _generators(self) -> list[np.random.Generator]:
        """The generators of the run, each once: of the batches, and of layers such as dropout."""
        layers = [getattr(layer, "rng", None) for layer in self.network.layers]
        found = [self.batch_rng, self.network.rng, *layers]
        return list({id(rng): rng for rng in found if rng is not None}.values())


def _plain(value: np.generic | np.ndarray) -> Any:
    """For JSON: a number that a hyperparameter search has drawn, or an array of a generator."""
    return value.tolist()


def _named_best(snapshot: Snapshot) -> dict[str, np.ndarray]:
    return {f"best.{name}": array for name, array in snapshot._asdict().items()}


def _check(name: str, found: np.ndarray | None, like: np.ndarray) -> None:
    """Raises ValueError unless an array of the file has the shape and type of the run's own."""
    if found is None or (found.shape, found.dtype) != (like.shape, like.dtype):
        raise ValueError(f"{name} does not have shape {like.shape} and type {like.dtype}")
    if not np.isfinite(found).all():
        raise ValueError(f"{name} holds values that are not finite")
