"""Helpers for the three scripts. Read it if you like; there is nothing to edit here.

In running order: data, mini-batches, `History` and its plot, device and seed, progress, the section
checks, the run that the scripts share, and the submission checklist (`python utils.py --checklist`).
Importing it needs NumPy alone; torch, matplotlib and tqdm are imported where they are used.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import gzip
import hashlib
import importlib
import io
import json
import math
import os
import sys
import tempfile
import time
import traceback
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HERE = Path(__file__).resolve().parent
CLASS_NAMES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
JUDGEMENTS = ("underfitting", "overfitting", "generalizing")


# %% Data ------------------------------------------------------------------------------------------

DATA_VARIABLE = (
    "FASHION_MNIST_DATA"  # environment variable: another folder than data/ beside this file
)


class DataError(RuntimeError):
    """A data file is missing or damaged; the message names the file and the command that mends it."""


class IdxFile(NamedTuple):
    """One IDX file as published: its shape, and what its unpacked bytes must hash to."""

    name: str
    shape: tuple[int, ...]
    crc32: int  # compared at every load: 15 ms for the largest file
    sha256: str  # compared when the file is unpacked


IMAGES, LABELS = ("train-images-idx3-ubyte", (60000, 28, 28)), ("train-labels-idx1-ubyte", (60000,))
TEST_IMAGES, TEST_LABELS = (
    ("t10k-images-idx3-ubyte", (10000, 28, 28)),
    ("t10k-labels-idx1-ubyte", (10000,)),
)


IDX_FILES = {
    "FashionMNIST": (
        IdxFile(*IMAGES, 0xB4F29F28, "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
        IdxFile(*LABELS, 0x741A4657, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
        IdxFile(*TEST_IMAGES, 0x678FE0B1, "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
        IdxFile(*TEST_LABELS, 0x80142C1F, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
    ),
    "MNIST": (
        IdxFile(*IMAGES, 0xE9F4D8B3, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
        IdxFile(*LABELS, 0xE0CB4AD2, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
        IdxFile(*TEST_IMAGES, 0x91373BDF, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
        IdxFile(*TEST_LABELS, 0x4AB9EFF9, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
    ),
}  # fmt: skip


class Splits(NamedTuple):
    """Images float32 in [0, 1], `(n, 784)` or `(n, 1, 28, 28)`; targets int64 `(n,)` or one-hot `(n, 10)`."""

    X_train: np.ndarray
    y_train: np.ndarray
    X_val: np.ndarray
    y_val: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def load_fashion_mnist(
    data_dir: str | Path | None = None,
    *,
    train_size: int | None = None,
    validation_size: int = 6000,
    seed: int = 0,
    one_hot: bool = False,
    flat: bool = True,
    dataset: str = "FashionMNIST",
) -> Splits:
    """Training, validation and test arrays of Fashion-MNIST: 54,000 / 6,000 / 10,000 by default.

    The 60,000 training images are shuffled by `seed`, the first `validation_size` of them validate and
    the next `train_size` (all the rest if None) train; the 10,000 test images are never split.
    `flat` gives rows `(n, 784)`, else images `(n, 1, 28, 28)`; `one_hot` gives targets `(n, 10)` float32.
    `data_dir` holds `FashionMNIST/raw`; without it the environment variable FASHION_MNIST_DATA, else
    `data/` beside this file.

    Raises DataError where a file is missing or damaged, ValueError where the sizes do not fit.
    Source: Xiao, Rasul and Vollgraf, "Fashion-MNIST", arXiv:1708.07747.
    """
    if not 0 <= validation_size < 60000:
        raise ValueError(
            f"validation_size is {validation_size}, expected 0 to 59999 of the 60000 training images"
        )
    rest = 60000 - validation_size
    train_size = rest if train_size is None else train_size
    if not 1 <= train_size <= rest:
        raise ValueError(
            f"train_size is {train_size}, expected 1 to {rest} (60000 less {validation_size} for validation)"
        )
    images, labels, test_images, test_labels = (
        read_idx(file, data_dir, dataset) for file in IDX_FILES[dataset]
    )
    order = np.random.default_rng(seed).permutation(60000)
    validation, training = (
        order[:validation_size],
        order[validation_size : validation_size + train_size],
    )
    arrays: list[np.ndarray] = []
    for source, targets, index in (
        (images, labels, training),
        (images, labels, validation),
        (test_images, test_labels, np.arange(10000)),
    ):
        X = scale_images(source, index)
        y = targets[index].astype(np.int64)
        arrays += [X if flat else X.reshape(-1, 1, 28, 28), to_one_hot(y) if one_hot else y]
    return Splits(*arrays)


def scale_images(images: np.ndarray, index: np.ndarray) -> np.ndarray:
    """The chosen images as float32 rows `(n, 784)` in [0, 1]."""
    X = np.empty((len(index), 784), np.float32)
    for start in range(
        0, len(index), 1000
    ):  # blocks that fit the cache: three times faster than all at once
        block = index[start : start + 1000]
        np.divide(images[block].reshape(-1, 784), np.float32(255), out=X[start : start + 1000])
    return X


def to_one_hot(y: np.ndarray, classes: int = 10) -> np.ndarray:
    """Labels `(n,)` as one-hot rows `(n, classes)`, float32.

    >>> to_one_hot(np.array([1, 0]), classes=3)
    array([[0., 1., 0.],
           [1., 0., 0.]], dtype=float32)
    """
    one_hot: np.ndarray = np.eye(classes, dtype=np.float32)[y]
    return one_hot


def data_folder(data_dir: str | Path | None = None) -> Path:
    """The folder that holds the datasets: the argument, else the environment variable, else `data/`."""
    return Path(data_dir or os.environ.get(DATA_VARIABLE) or HERE / "data")


def read_idx(
    file: IdxFile, data_dir: str | Path | None = None, dataset: str = "FashionMNIST"
) -> np.ndarray:
    """The uint8 array in one IDX file, mapped read-only from disk where it lies unpacked beside its `.gz`.

    The first call unpacks (0.3 s for the largest); a folder that cannot be written to is unpacked into memory.
    Raises DataError. Format: magic 0x0000080N with N axes, N big-endian int32 sizes, then the bytes.
    """
    folder = data_folder(data_dir) / dataset / "raw"
    plain, packed = folder / file.name, folder / f"{file.name}.gz"
    with contextlib.suppress(
        OSError, ValueError
    ):  # not unpacked yet, or damaged since: unpack it (again)
        mapped = np.memmap(plain, np.uint8, mode="r")
        if zlib.crc32(mapped.data) == file.crc32:
            return _idx_array(mapped, file)
    content = _unpack(packed, file, data_dir)
    with contextlib.suppress(OSError):  # a read-only folder: every load unpacks into memory
        write_atomically(plain, content)
    return _idx_array(np.frombuffer(content, np.uint8), file)


def _idx_array(content: np.ndarray, file: IdxFile) -> np.ndarray:
    header = 4 + 4 * len(file.shape)
    expected = np.array([0x0800 + len(file.shape), *file.shape], ">i4").tobytes()
    if content[:header].tobytes() != expected:
        raise DataError(
            f"{file.name} does not start with the magic number and shape of {file.shape}"
        )
    return content[header:].reshape(file.shape)


def _unpack(packed: Path, file: IdxFile, data_dir: str | Path | None) -> bytes:
    mend = "Mend it with: python utils.py --download" + (
        f" --data-dir {data_dir}" if data_dir else ""
    )
    try:
        content = gzip.decompress(packed.read_bytes())
    except NotADirectoryError:
        raise DataError(
            f"{data_folder(data_dir)} is no folder, expected the one that holds FashionMNIST/raw"
        ) from None
    except PermissionError:
        raise DataError(
            f"{packed} may not be read by this user, expected read permission. Mend it with: chmod a+r"
        ) from None
    except FileNotFoundError:
        what = "the gzip file that comes with the assignment, in a folder DIR/FashionMNIST/raw"
        raise DataError(f"{packed} is missing, expected {what}. {mend}") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{packed} cannot be unpacked ({error}), expected a whole gzip file. {mend}"
        ) from None
    digest = hashlib.sha256(content).hexdigest()
    if digest != file.sha256:
        raise DataError(
            f"{packed} was altered: its content has SHA-256 {digest[:12]}…, expected {file.sha256[:12]}…. {mend}"
        )
    return content


def write_atomically(path: Path, content: bytes) -> None:
    """Write through a temporary neighbour, so that nobody ever sees half a file."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def download_data(data_dir: str | Path | None = None) -> None:
    """Fetch whichever files of Fashion-MNIST, and of MNIST if its folder is there, are missing or damaged.

    Uses torchvision's downloader; what is there is replaced only when the download is whole. Raises DataError.
    """
    for dataset, files in IDX_FILES.items():
        raw = data_folder(data_dir) / dataset / "raw"
        if dataset != "FashionMNIST" and not raw.is_dir():
            continue  # the handout comes without MNIST
        damaged = [file for file in files if not _is_whole(file, data_dir, dataset)]
        if damaged:
            print(f"downloading {dataset} to {raw} …", file=sys.stderr)
            with tempfile.TemporaryDirectory() as folder:
                _download(dataset, folder)
                raw.mkdir(parents=True, exist_ok=True)
                for file in damaged:
                    fetched = Path(folder, dataset, "raw", f"{file.name}.gz").read_bytes()
                    write_atomically(raw / f"{file.name}.gz", fetched)
                    read_idx(file, data_dir, dataset)


def _download(dataset: str, folder: str) -> None:
    try:
        from torchvision import datasets

        getattr(datasets, dataset)(folder, download=True)
    except ImportError:
        raise DataError("the download needs torchvision: pip install torchvision") from None
    except (OSError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[-1]
        raise DataError(
            f"{dataset} could not be downloaded ({reason}). Copy data/ from the assignment again"
        ) from None


def _is_whole(file: IdxFile, data_dir: str | Path | None, dataset: str) -> bool:
    try:
        read_idx(file, data_dir, dataset)
    except DataError:
        return False
    return True


def minibatches(
    X: Any, targets: Any, batch_size: int, rng: np.random.Generator | None = None
) -> Iterator[tuple[Any, Any]]:
    """Pairs `(X_batch, target_batch)` that cover the data once, shuffled if `rng` is given; the last may be smaller.

    Works on NumPy arrays and torch tensors alike.
    """
    order = np.arange(len(X)) if rng is None else rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        index = order[start : start + batch_size]
        yield X[index], targets[index]


# %% History and its plot --------------------------------------------------------------------------


@dataclass
class History:
    """Learning curves: four lists, one entry an epoch; losses in nats, accuracies in [0, 1]."""

    train_losses: list[float] = field(default_factory=list)
    val_losses: list[float] = field(default_factory=list)
    train_accuracies: list[float] = field(default_factory=list)
    val_accuracies: list[float] = field(default_factory=list)

    def record(self, train: tuple[float, float], val: tuple[float, float]) -> None:
        """Add one epoch, given `(loss, accuracy)` on training and on validation images."""
        self.train_losses.append(float(train[0]))
        self.train_accuracies.append(float(train[1]))
        self.val_losses.append(float(val[0]))
        self.val_accuracies.append(float(val[1]))

    def print_last(self) -> None:
        """Print the newest epoch as a row of the epoch table, with the table's head before the first."""
        epoch = len(self.train_losses)
        if epoch == 1:
            print("epoch   train loss   val loss   train acc   val acc")
        print(
            f"{epoch:5d}   {self.train_losses[-1]:10.4f}   {self.val_losses[-1]:8.4f}"
            f"   {self.train_accuracies[-1]:8.2%}   {self.val_accuracies[-1]:7.2%}",
            flush=True,
        )


TRAIN_COLOUR, VAL_COLOUR = "#1f77b4", "#d95f02"  # told apart in grey and by the colour-blind


def plot_history(
    history: History,
    path: str | Path | None = None,
    *,
    title: str = "",
    bar: float | None = None,
    script: str = "",
    fingerprint: str = "",
) -> Figure:
    """A figure with the losses (left) and the accuracies (right) of training and validation per epoch.

    `bar` is drawn across the accuracies. With a `path` the figure is written there as PNG, and the file
    carries `{"script": …, "fingerprint": …, "train_losses": […], …}` as JSON in its text chunk "History".
    """
    from matplotlib.figure import (
        Figure,  # without pyplot: no window, no global state, half the import time
    )

    figure = Figure(figsize=(10, 4), layout="constrained")
    loss_axes, accuracy_axes = figure.subplots(1, 2)
    epochs = np.arange(1, len(history.train_losses) + 1)
    for axes, train, val, label in (
        (loss_axes, history.train_losses, history.val_losses, "loss (nats)"),
        (
            accuracy_axes,
            100 * np.array(history.train_accuracies),
            100 * np.array(history.val_accuracies),
            "accuracy (%)",
        ),
    ):
        axes.plot(epochs, train, color=TRAIN_COLOUR, marker="o", markersize=3, label="training")
        axes.plot(epochs, val, color=VAL_COLOUR, marker="s", markersize=3, label="validation")
        axes.set(xlabel="epoch", ylabel=label)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
    if bar is not None:
        accuracy_axes.axhline(100 * bar, color="grey", linestyle="--", label=f"bar: {bar:.0%}")
    loss_axes.legend()
    accuracy_axes.legend()
    figure.suptitle(title)
    if path is not None:
        text = json.dumps({"script": script, "fingerprint": fingerprint, **asdict(history)})
        figure.savefig(path, format="png", dpi=100, metadata={"History": text})
    return figure


# %% Device, seed, progress ------------------------------------------------------------------------


def choose_device(name: str = "auto") -> str:
    """`"cuda"`, `"mps"` or `"cpu"`: the best that torch finds here, or the one named. Raises ValueError if it is absent."""
    import torch

    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return next(device for device, there in available.items() if there)
    if not available.get(name):
        there = ", ".join(device for device, found in available.items() if found)
        raise ValueError(f"device {name!r} is not available here, expected auto or one of: {there}")
    return name


def seed_everything(seed: int) -> np.random.Generator:
    """Seed torch (where it is loaded) and return a seeded NumPy generator."""
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)
    return np.random.default_rng(seed)


def progress(
    items: Iterable[Any], *, description: str = "", total: int | None = None
) -> Iterable[Any]:
    """The items, with a progress bar on standard error if that is a terminal and tqdm is installed."""
    if not sys.stderr.isatty():
        return items
    try:
        from tqdm import tqdm
    except ImportError:
        return items
    bar: Iterable[Any] = tqdm(items, desc=description, total=total, leave=False)
    return bar


# %% Section checks --------------------------------------------------------------------------------
# The public checks: small fixed inputs, answers worked out by hand. Marking uses other inputs, and more.


class CheckFailed(AssertionError):
    """An answer is wrong; the message says what came, what was expected, where, and a hint.

    `kind` is the general kind of mistake: "wrong-type", "wrong-shape", "not-finite", "changes-input" or "".
    """

    def __init__(self, message: str, *, kind: str = "", hint: str = ""):
        super().__init__(f"{message} Hint: {hint}" if hint else message)
        self.kind = kind


RETURN_MISSING = "is a return statement missing?"


def expect_array(
    name: str,
    got: Any,
    expected: np.ndarray,
    *,
    hint: str = "",
    tolerance: float = 1e-6,
    absolute: float | None = None,
    where: dict[str, np.ndarray] | None = None,
) -> np.ndarray:
    """The answer, if it is an array with the expected shape and values; raises CheckFailed otherwise.

    An element may be off by `absolute` (`tolerance` if None) and `tolerance` times |expected|. `where` names
    arrays of the expected shape whose elements the message shows at the first difference.
    """
    answer = expect_numbers(name, got, f"an array of shape {expected.shape}", hint)
    if answer.shape != expected.shape:
        raise CheckFailed(
            f"{name} has shape {answer.shape}, expected {expected.shape}.",
            kind="wrong-shape",
            hint=hint,
        )
    off = np.abs(answer - expected) > (
        tolerance if absolute is None else absolute
    ) + tolerance * np.abs(expected)
    finite = np.isfinite(answer)
    wrong = off | ~finite
    if wrong.any():
        index = tuple(int(i) for i in np.argwhere(wrong if finite.all() else ~finite)[0])
        count = (
            f" ({np.count_nonzero(wrong)} of {wrong.size} values differ)" if wrong.size > 1 else ""
        )
        got_and_expected = f"is {_number(answer[index])}, expected {_number(expected[index])}{_given(where, index)}"
        kind = "" if finite.all() else "not-finite"
        raise CheckFailed(f"{name}{_at(index)} {got_and_expected}{count}.", kind=kind, hint=hint)
    return answer


def expect_numbers(name: str, got: Any, expected: str, hint: str = "") -> np.ndarray:
    """The answer as a float64 array, if it is a NumPy array of numbers or booleans; raises CheckFailed otherwise."""
    if got is None:
        raise CheckFailed(
            f"{name} is None, expected {expected}.", kind="wrong-type", hint=RETURN_MISSING
        )
    if not isinstance(got, np.ndarray | np.generic):
        raise CheckFailed(
            f"{name} is a {type(got).__name__}, expected {expected}.", kind="wrong-type", hint=hint
        )
    if got.dtype.kind not in "fiub":
        raise CheckFailed(
            f"{name} has dtype {got.dtype}, expected numbers.", kind="wrong-type", hint=hint
        )
    return np.asarray(got, np.float64)


def expect_unchanged(name: str, now: np.ndarray, before: np.ndarray) -> None:
    """Raises CheckFailed if an argument was changed in place."""
    if not np.array_equal(now, before):
        raise CheckFailed(
            f"{name} was changed in place, expected it to stay as it was.",
            kind="changes-input",
            hint=f"compute a new array, or work on {name}.copy().",
        )


def _at(index: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, index))}]" if index else ""


def _number(value: Any) -> str:
    return f"{float(value):.6g}"


def _given(where: dict[str, np.ndarray] | None, index: tuple[int, ...]) -> str:
    if not where:
        return ""
    return " where " + " and ".join(
        f"{name}{_at(index)} is {_number(array[index])}" for name, array in where.items()
    )


def numerical_gradient(
    loss: Callable[[], float], parameter: np.ndarray, step: float = 1e-5
) -> np.ndarray:
    """∂loss/∂parameter by central differences, (L(θ + s) - L(θ - s)) / 2s, element by element.

    `parameter` must be the float64 array that `loss` reads; it is changed in place and put back. The error
    is of the order s² and of the rounding, 1e-16 / s: about 1e-10 for losses near 1.
    """
    gradient = np.empty_like(parameter)
    for index in np.ndindex(parameter.shape):
        value = parameter[index]
        parameter[index] = value + step
        above = loss()
        parameter[index] = value - step
        below = loss()
        parameter[index] = value
        gradient[index] = (above - below) / (2 * step)
    return gradient


def check_softmax(module: ModuleType) -> None:
    z = np.array([[0.0, math.log(3.0)], [1000.0, 1000.0]])
    expect_array(
        "softmax(z)", module.softmax(z), np.array([[0.25, 0.75], [0.5, 0.5]]), where={"z": z}
    )


def check_relu(module: ModuleType) -> None:
    for z in (
        np.array([[-2.0, -0.5, 0.0], [0.5, 3.0, 250.0]]),
        np.array([-1.5, 4.0], np.float32),
        np.full((2, 1, 2), -1e-3),
    ):
        before = z.copy()
        expected = np.array([value if value > 0 else 0.0 for value in z.ravel()]).reshape(z.shape)
        hint = "negative elements become 0, all others stay as they are, and the shape does not change."
        got = module.relu(z)
        expect_unchanged("z", z, before)
        expect_array("relu(z)", got, expected, where={"z": z}, hint=hint)


def check_relu_derivative(module: ModuleType) -> None:
    for z in (np.array([[-2.0, -0.5, 0.0], [0.5, 3.0, 250.0]]), np.array([-1.5, 4.0], np.float32)):
        before = z.copy()
        expected = np.array([1.0 if value > 0 else 0.0 for value in z.ravel()]).reshape(z.shape)
        got = module.relu_derivative(z)
        expect_unchanged("z", z, before)
        hint = "the slope is 1 for positive elements and 0 for all others, 0 itself included."
        expect_array("relu_derivative(z)", got, expected, where={"z": z}, hint=hint)


def check_cross_entropy(module: ModuleType) -> None:
    two = (
        np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]),
        np.array([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25]]),
    )
    # the true classes have probability 1/2 and 1/4: -(ln 1/2 + ln 1/4) / 2 = 1.5 ln 2
    _expect_loss(
        module,
        *two,
        1.5 * math.log(2),
        "the mean over the images of -log(probability of the true class).",
    )
    four = np.tile(two[0], (2, 1)), np.tile(two[1], (2, 1))
    _expect_loss(
        module,
        *four,
        1.5 * math.log(2),
        "twice the same images have the same mean: divide by their number.",
    )
    for dtype in (np.float64, np.float32):
        y_true, y_pred = np.array([[0, 1]], dtype), np.array([[1, 0]], dtype)
        loss = _loss(module, y_true, y_pred)
        if not math.isfinite(loss) or loss < 10:
            raise CheckFailed(
                f"the loss is {loss} where the true class has probability 0 ({np.dtype(dtype)}), expected a large "
                "finite number.",
                kind="not-finite",
                hint="keep the probabilities away from 0 before the log.",
            )


def _loss(module: ModuleType, y_true: np.ndarray, y_pred: np.ndarray) -> float:
    before = y_true.copy(), y_pred.copy()
    got = module.cross_entropy(y_true, y_pred)
    if got is None:
        raise CheckFailed(
            "cross_entropy is None, expected one number.", kind="wrong-type", hint=RETURN_MISSING
        )
    expect_unchanged("y_true", y_true, before[0])
    expect_unchanged("y_pred", y_pred, before[1])
    if getattr(got, "size", 1) != 1:
        raise CheckFailed(
            f"cross_entropy has shape {np.shape(got)}, expected one number.",
            kind="wrong-shape",
            hint="sum it up.",
        )
    try:
        return float(np.asarray(got, np.float64).reshape(()))
    except (TypeError, ValueError):
        raise CheckFailed(
            f"cross_entropy returned {got!r}, expected one number.", kind="wrong-type"
        ) from None


def _expect_loss(
    module: ModuleType, y_true: np.ndarray, y_pred: np.ndarray, expected: float, hint: str
) -> None:
    got = np.float64(_loss(module, y_true, y_pred))
    expect_array(f"cross_entropy of {len(y_true)} images", got, np.asarray(expected), hint=hint)


def check_forward(module: ModuleType) -> None:
    net = module.NumpyANN(input_size=3, hidden_size=2, output_size=2)
    net.W1, net.b1 = np.array([[1.0, -1.0], [2.0, 0.0], [0.0, 1.0]]), np.array([0.0, 1.0])
    net.W2, net.b2 = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0.5, math.log(3.0)])
    X = np.array([[1.0, 1.0, 0.0], [-1.0, 0.0, 0.5]])
    before = X.copy()
    a2 = net.forward(X)
    expect_unchanged("X", X, before)
    # by hand: z1 = [1+2, -1+1], [-1, 1+0.5+1]; softmax of two logits is 1 / (1 + exp(their difference))
    steps = {
        "z1": (np.array([[3.0, 0.0], [-1.0, 2.5]]), "X @ W1 + b1."),
        "a1": (np.array([[3.0, 0.0], [0.0, 2.5]]), "relu of z1."),
        "z2": (np.array([[3.5, math.log(3.0)], [0.5, 2.5 + math.log(3.0)]]), "a1 @ W2 + b2."),
        "a2": (
            np.array(
                [
                    [1 / (1 + 3 * math.exp(-3.5)), 3 / (3 + math.exp(3.5))],
                    [1 / (1 + 3 * math.exp(2.0)), 3 / (3 + math.exp(-2.0))],
                ]
            ),
            "softmax of z2.",
        ),
    }
    for name, (expected, hint) in steps.items():
        if not hasattr(net, name):
            raise CheckFailed(
                f"self.{name} is not there after forward, expected an array of shape {expected.shape}.",
                hint="keep all four steps on self: backward needs them.",
            )
        expect_array(f"self.{name}", getattr(net, name), expected, hint=hint)
    expect_array(
        "what forward returns", a2, steps["a2"][0], hint="return the probabilities, self.a2."
    )


def check_backward(module: ModuleType) -> str:
    rng = np.random.default_rng(16)
    net, X, Y = _network_away_from_kinks(module, rng, n=5, d=6, h=4, k=3)

    def loss() -> float:  # of the forward pass, which passed its own check
        return -float(
            np.log(np.take_along_axis(net.forward(X), Y.argmax(axis=1)[:, None], axis=1)).mean()
        )

    numerical = {
        name: numerical_gradient(loss, getattr(net, name)) for name in ("W1", "b1", "W2", "b2")
    }
    before = X.copy(), Y.copy()
    net.forward(X)
    gradients = net.backward(X, Y)
    expect_unchanged("X", X, before[0])
    expect_unchanged("y_true", Y, before[1])
    if expect_gradients(gradients, numerical, len(X)) == "sum":
        return "(summed over the batch)"
    return "(mean over the batch: LEARNING_RATE can be about BATCH_SIZE times as large)"


def _network_away_from_kinks(
    module: ModuleType, rng: np.random.Generator, n: int, d: int, h: int, k: int
) -> tuple[Any, np.ndarray, np.ndarray]:
    """A float64 network and a batch for which no z1 is so near 0 that a numerical step would cross the kink of ReLU."""
    net = module.NumpyANN(input_size=d, hidden_size=h, output_size=k)
    while True:
        net.W1, net.b1 = rng.normal(size=(d, h)), rng.normal(size=h)
        net.W2, net.b2 = rng.normal(size=(h, k)), rng.normal(size=k)
        X = rng.uniform(size=(n, d))
        if np.abs(X @ net.W1 + net.b1).min() > 1e-2:
            return net, X, np.eye(k)[rng.integers(k, size=n)]


def expect_gradients(
    gradients: Any, mean: dict[str, np.ndarray], n: int, tolerance: float = 1e-5
) -> str:
    """The convention that all four gradients keep to, "mean" or "sum" (n times as much). Raises CheckFailed if there is none.

    `tolerance` is relative to the largest element of each gradient; central differences in float64 are
    good to 1e-8 of it, a wrong formula is off by far more.
    """
    if not isinstance(gradients, dict):
        raise CheckFailed(
            f"backward returned a {type(gradients).__name__}, expected a dict of four arrays.",
            kind="wrong-type",
            hint=RETURN_MISSING if gradients is None else 'the keys are "W1", "b1", "W2" and "b2".',
        )
    answers = {}
    for name, expected in mean.items():
        if name not in gradients:
            raise CheckFailed(
                f"the key {name!r} is missing, got {sorted(map(str, gradients))}, expected W1, b1, W2 and b2.",
                hint="the keys are the parameters' names.",
            )
        got = expect_numbers(
            f'gradients["{name}"]', gradients[name], f"an array of shape {expected.shape}"
        )
        if expected.ndim == 1 and got.shape == (1, len(expected)):
            got = got[0]
        if got.shape != expected.shape:
            raise CheckFailed(
                f'gradients["{name}"] has shape {got.shape}, expected {expected.shape}, that of {name}.',
                kind="wrong-shape",
                hint=_shape_hint(got.shape, expected.shape),
            )
        if not np.isfinite(got).all():
            raise CheckFailed(
                f'gradients["{name}"] has elements that are not finite.', kind="not-finite"
            )
        answers[name] = got
    conventions = {"mean": 1.0, "sum": float(n)}
    right = {
        convention: [
            name for name in mean if _is_close(answers[name], factor * mean[name], tolerance)
        ]
        for convention, factor in conventions.items()
    }
    for convention, names in right.items():
        if len(names) == len(mean):
            return convention
    raise CheckFailed(_gradient_verdict(answers, mean, right, n), hint=_gradient_hint(right))


def _is_close(got: np.ndarray, expected: np.ndarray, tolerance: float) -> bool:
    return bool(np.abs(got - expected).max() <= tolerance * (np.abs(expected).max() + 1e-12))


def _shape_hint(got: tuple[int, ...], expected: tuple[int, ...]) -> str:
    if got == expected[::-1] and len(got) == 2:
        return "it is transposed: turn the product round."
    if len(got) > len(expected) and math.prod(got) == math.prod(expected):
        return "drop the extra axis."
    if len(got) > len(expected):
        return "sum over the images, axis 0."
    return "each gradient has the shape of its parameter."


def _gradient_verdict(
    answers: dict[str, np.ndarray], mean: dict[str, np.ndarray], right: dict[str, list[str]], n: int
) -> str:
    lines = []
    for name, expected in mean.items():
        agrees = [convention for convention in ("mean", "sum") if name in right[convention]]
        if agrees:
            lines.append(f"{name} is right ({agrees[0]} over the batch)")
        else:
            ratio = _constant_ratio(answers[name], expected)
            lines.append(
                f"{name} is wrong"
                + (f" (the mean's gradient times {ratio:.6g})" if ratio is not None else "")
            )
    return f"the gradients do not match numerical ones for a batch of {n}: {'; '.join(lines)}."


def _constant_ratio(got: np.ndarray, expected: np.ndarray) -> float | None:
    """The factor between the two if it is the same everywhere, else None."""
    norm = float(np.vdot(expected, expected))
    ratio = float(np.vdot(expected, got)) / norm if norm else 0.0
    return ratio if abs(ratio) > 1e-6 and _is_close(got, ratio * expected, 1e-4) else None


def _gradient_hint(right: dict[str, list[str]]) -> str:
    if set(right["mean"]) - set(right["sum"]) and set(right["sum"]) - set(right["mean"]):
        return (
            "some gradients are summed over the batch and some averaged; keep to one for all four."
        )
    found = right["mean"] or right["sum"]
    if "W2" in found or "b2" in found:
        return "the output layer is right where W2 and b2 are; follow dz2 back through W2 and the gate of ReLU at z1."
    return "start at dz2 = a2 - y_true, which everything else depends on."


# The checks of parts 2 and 3 differ only in the class and in the shape of an image.


def _model(module: ModuleType, part: Part) -> Any:
    return getattr(module, part.class_name)(seed=0)


def _images(part: Part, n: int, seed: int = 0) -> tuple[Any, Any]:
    """Random images and labels, as float32 and int64 tensors."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    return torch.rand(n, *part.image_shape, generator=generator), torch.randint(
        10, (n,), generator=generator
    )


def check_layers(module: ModuleType, part: Part) -> None:
    import torch

    model = _model(module, part)
    if not isinstance(model, torch.nn.Module) or not list(model.parameters()):
        raise CheckFailed(
            f"{part.class_name}() has no parameters, expected the weights of its layers.",
            hint="layers must be attributes of self, nn.Sequential or nn.ModuleList, not a plain list.",
        )
    for name, value in vars(model).items():
        held = (
            value.values()
            if isinstance(value, dict)
            else value
            if isinstance(value, list | tuple)
            else ()
        )
        if not name.startswith("_") and any(isinstance(item, torch.nn.Module) for item in held):
            raise CheckFailed(
                f"self.{name} holds layers in a plain {type(value).__name__}, where PyTorch does not find them.",
                hint="nn.ModuleList and nn.Sequential register what they hold.",
            )
    convolutions = [m for m in model.modules() if isinstance(m, torch.nn.modules.conv._ConvNd)]
    if part.name == "pytorch_ann" and convolutions:
        raise CheckFailed(
            "a convolution was found, expected none in part 2.",
            hint="linear layers and activations; part 3 convolves.",
        )
    if part.name == "pytorch_cnn" and not convolutions:
        raise CheckFailed(
            "no convolution was found, expected at least one.",
            hint="nn.Conv2d(1, channels, kernel_size=3, padding=1).",
        )


def check_logits(module: ModuleType, part: Part) -> None:
    import torch

    model = _model(module, part).eval()
    model.requires_grad_(False)  # nothing here goes backward
    for n in (3, 1):
        logits = model(_images(part, n)[0])
        if not isinstance(logits, torch.Tensor):
            raise CheckFailed(
                f"forward returned a {type(logits).__name__}, expected a tensor ({n}, 10).",
                kind="wrong-type",
                hint=RETURN_MISSING if logits is None else "",
            )
        if tuple(logits.shape) != (n, 10):
            raise CheckFailed(
                f"forward gave shape {tuple(logits.shape)} for {n} images, expected ({n}, 10).",
                kind="wrong-shape",
                hint="one logit for each of the 10 classes, one row for each image.",
            )
        if not torch.isfinite(logits).all():
            raise CheckFailed("forward gave logits that are not finite.", kind="not-finite")
    logits = model(_images(part, 8)[0])
    if torch.allclose(logits.exp().sum(dim=1), torch.ones(8), atol=1e-4) or torch.allclose(
        logits.sum(dim=1), torch.ones(8), atol=1e-4
    ):
        raise CheckFailed(
            "the rows are probabilities, expected logits.",
            hint="no softmax at the end: cross-entropy has it.",
        )
    if (logits >= 0).all():
        raise CheckFailed(
            "no logit is negative, expected any real numbers.",
            hint="is there an activation after the last layer?",
        )
    if part.name == "pytorch_ann":
        _expect_nonlinear(model, part)


def _expect_nonlinear(model: Any, part: Part) -> None:
    """f(a) + f(b) = f(a + b) + f(0) holds for every linear network, and for hardly any other."""
    import torch

    a, b = (
        10 * _images(part, 8, seed)[0] for seed in (1, 2)
    )  # bright: a sigmoid is nearly straight for small inputs
    left, right = model(a) + model(b), model(a + b) + model(torch.zeros_like(a))
    if torch.allclose(left, right, rtol=1e-5, atol=1e-5 * left.abs().max().item()):
        raise CheckFailed(
            "the network is linear in its input, expected a non-linear activation between the layers.",
            hint="apply an activation such as F.relu to what each hidden layer gives.",
        )


def check_training_step(module: ModuleType, part: Part) -> None:
    import torch

    model = _model(module, part).train()
    X, y = _images(part, 16)
    before = [p.detach().clone() for p in model.parameters()]
    loss = model.training_step(X, y, torch.optim.SGD(model.parameters(), lr=0.1))
    if not isinstance(loss, float):
        hint = (
            RETURN_MISSING if loss is None else "loss.item() is the number in a one-element tensor."
        )
        raise CheckFailed(
            f"training_step returned a {type(loss).__name__}, expected a float.",
            kind="wrong-type",
            hint=hint,
        )
    if not math.isfinite(loss):
        raise CheckFailed(f"the loss is {loss}, expected a finite number.", kind="not-finite")
    if all(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True)):
        raise CheckFailed(
            "no parameter changed, expected a step downhill.",
            hint="both loss.backward() and optimizer.step() are needed.",
        )
    model = _model(module, part).train()
    frozen = torch.optim.SGD(
        model.parameters(), lr=0.0
    )  # a step of length 0: the same gradient twice
    norms = []
    for _ in range(2):
        torch.manual_seed(1)  # the same dropout
        model.training_step(X, y, frozen)
        norms.append(sum(p.grad.norm().item() for p in model.parameters() if p.grad is not None))
    if norms[1] > 1.5 * norms[0]:
        raise CheckFailed(
            "the second step's gradients contain the first's, expected them afresh.",
            hint="zero them in every step.",
        )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    loss_before = _loss_of(model, X, y)
    for _ in range(30):
        model.train()
        model.training_step(X, y, optimizer)
    loss_after = _loss_of(model, X, y)
    if not loss_after < loss_before:
        raise CheckFailed(
            f"30 steps on one batch took its loss from {loss_before:.3f} to {loss_after:.3f}, expected it to fall.",
            hint="the loss compares logits with labels: F.cross_entropy(logits, y_batch).",
        )


def _loss_of(model: Any, X: Any, y: Any) -> float:
    """The cross-entropy of the model's logits, in evaluation mode."""
    import torch

    model.eval()
    with torch.no_grad():
        return float(torch.nn.functional.cross_entropy(model(X), y).item())


def check_predict(module: ModuleType, part: Part) -> None:
    import torch

    model = _model(module, part).train()
    X, _ = _images(part, 12)
    modes: list[tuple[bool, bool]] = []
    for layer in model.modules():
        if not list(layer.children()):
            layer.register_forward_hook(
                lambda m, *_: modes.append((m.training, torch.is_grad_enabled()))
            )
    labels = model.predict(X)
    if labels is None:
        raise CheckFailed(
            "predict returned None, expected labels of shape (12,).",
            kind="wrong-type",
            hint=RETURN_MISSING,
        )
    shape = tuple(getattr(labels, "shape", ()))
    if shape != (12,):
        raise CheckFailed(
            f"predict gave {type(labels).__name__} of shape {shape} for 12 images, expected labels of shape (12,).",
            kind="wrong-shape",
            hint="the index of the largest logit of each row: argmax(dim=1).",
        )
    if any(training for training, _ in modes):
        raise CheckFailed(
            "layers were in training mode while predicting.",
            hint="self.eval() first: dropout must not be active.",
        )
    if any(recording for _, recording in modes):
        raise CheckFailed(
            "gradients were recorded while predicting.", hint="with torch.no_grad(): …"
        )
    with torch.no_grad():
        expected = model.eval()(X).argmax(dim=1)
    expect_array(
        "predict(X)",
        np.asarray(labels),
        expected.numpy(),
        hint="the index of the largest logit in each row.",
    )


def check_judgement(module: ModuleType, part: Part) -> None:
    judgement = getattr(module, "JUDGEMENT", None)
    if isinstance(judgement, str) and judgement.startswith("TODO"):
        raise NotImplementedError(judgement)
    if (
        not isinstance(judgement, str)
        or judgement.strip().lower().replace("generalis", "generaliz") not in JUDGEMENTS
    ):
        raise CheckFailed(f"JUDGEMENT is {judgement!r}, expected one of {', '.join(JUDGEMENTS)}.")


@dataclass(frozen=True)
class Check:
    """One section of a script and the function that checks it, which may return a remark on a right answer.

    `needs` names the sections it builds on.
    """

    number: str
    title: str
    run: Callable[[ModuleType], str | None]
    needs: tuple[str, ...] = ()
    after_training: bool = False  # does not hold up training


@dataclass(frozen=True)
class Part:
    """One of the three scripts: what it must define, and the test accuracy it must reach."""

    name: str
    title: str
    class_name: str
    bar: float
    image_shape: tuple[int, ...]
    checks: tuple[Check, ...]
    next_step: str

    @property
    def plot_file(self) -> str:
        """The name of the learning-curve plot that the script writes."""
        return f"{self.name}_train_val_metrics.png"


def _torch_part(
    number: int,
    name: str,
    title: str,
    class_name: str,
    bar: float,
    shape: tuple[int, ...],
    then: str,
) -> Part:
    sections: tuple[tuple[str, Callable[[ModuleType, Part], None], tuple[int, ...]], ...] = (
        ("layers", check_layers, ()),
        ("forward", check_logits, (1,)),
        ("training_step", check_training_step, (2,)),
        ("predict", check_predict, (2,)),
        ("JUDGEMENT", check_judgement, ()),
    )
    checks = tuple(
        Check(
            f"{number}.{i}",
            section,
            lambda module, run=run: run(module, PARTS[name]),  # type: ignore[misc]
            tuple(f"{number}.{j}" for j in needs),
            after_training=section == "JUDGEMENT",
        )
        for i, (section, run, needs) in enumerate(sections, start=1)
    )
    return Part(name, title, class_name, bar, shape, checks, then)


PARTS = {
    part.name: part
    for part in (
        Part(
            "numpy_ann",
            "Part 1: a two-layer network in NumPy",
            "NumpyANN",
            0.77,
            (784,),
            (
                Check("1.1", "softmax (worked example)", check_softmax),
                Check("1.2", "relu", check_relu),
                Check("1.3", "relu_derivative", check_relu_derivative),
                Check("1.4", "cross_entropy", check_cross_entropy),
                Check("1.5", "forward", check_forward, ("1.1", "1.2")),
                Check("1.6", "backward", check_backward, ("1.3", "1.5")),
            ),
            "part 2, pytorch_ann.py",
        ),
        _torch_part(2, "pytorch_ann", "Part 2: a fully connected network in PyTorch", "PyTorchANN", 0.80, (784,),
                    "part 3, pytorch_cnn.py"),
        _torch_part(3, "pytorch_cnn", "Part 3: a convolutional network in PyTorch", "PyTorchCNN", 0.85, (1, 28, 28),
                    "python utils.py --checklist, which packs submission.zip"),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What became of one check: status "passed", "failed", "not written" or "waiting", and what to tell the student."""

    check: Check
    status: str
    message: str = ""


def run_checks(part: Part, module: ModuleType, *, verbose: bool = False) -> Iterator[Outcome]:
    """The outcome of each section's check, in order; a section whose needs are not met is "waiting"."""
    passed: set[str] = set()
    for check in part.checks:
        missing = [number for number in check.needs if number not in passed]
        outcome = (
            Outcome(check, "waiting", f"waits for {' and '.join(missing)}")
            if missing
            else _run_check(check, module, verbose)
        )
        if outcome.status == "passed":
            passed.add(check.number)
        yield outcome


def _run_check(check: Check, module: ModuleType, verbose: bool) -> Outcome:
    try:
        with np.errstate(all="ignore"):  # an overflow shows in the values that are compared
            remark = check.run(module)
    except CheckFailed as wrong:
        return Outcome(check, "failed", str(wrong))
    except (Exception, SystemExit) as error:
        if isinstance(error, NotImplementedError) and (
            not str(error) or str(error).startswith("TODO")
        ):
            return Outcome(
                check, "not written", "not written yet"
            )  # torch raises NotImplementedError for other reasons
        return Outcome(check, "failed", describe_error(error, verbose=verbose))
    return Outcome(check, "passed", remark or "")


def describe_error(error: BaseException, *, verbose: bool = False) -> str:
    """The error with the lines of the student's own code that led to it, innermost last; `verbose` gives every frame."""
    if verbose:
        return "".join(traceback.format_exception(error)).rstrip()
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if _is_own(frame.filename)
    ]
    lines = [
        f"{Path(frame.filename).name}, line {frame.lineno}, in {frame.name}: {frame.line}"
        for frame in frames
    ]
    if len(lines) > 8:  # a recursion repeats itself a thousand times
        lines[4:-4] = [f"… {len(lines) - 8} more …"]
    if isinstance(error, SystemExit):
        return "\n".join(
            [*lines, "Your code called exit(). Hint: return from the function instead."]
        )
    return "\n".join([*lines, f"{type(error).__name__}: {error}"])


def _is_own(filename: str) -> bool:
    """Whether a frame belongs to the student's script or notebook rather than to a library or to this file."""
    if filename.startswith("<") and not filename.startswith("<ipython"):
        return False
    libraries = (sys.base_prefix, sys.prefix)
    in_library = "site-packages" in filename or any(
        filename.startswith(f"{root}{os.sep}lib") for root in libraries
    )
    return not in_library and Path(filename).resolve() != Path(__file__).resolve()


# %% The run that the three scripts share ----------------------------------------------------------


def run_part(name: str, module: ModuleType, arguments: list[str] | None = None) -> int:
    """Check the sections of a script, then train, test and plot. Returns the exit status.

    0: every section is written and the bar is met; 1: not so; 2: the data or the device is missing.
    """
    part = PARTS[name]
    options = _parse_options(part, module, arguments)
    try:
        print(f"{part.title}\n\nSection checks")
        outcomes = print_checks(part, module, verbose=options.verbose)
        again = f"run python {name}.py" if hasattr(module, "__file__") else "run the last cell"
        if any(
            outcome.status != "passed" and not outcome.check.after_training for outcome in outcomes
        ):
            print(f"\nNext: {_first_open(outcomes)}, then {again} again.")
            return 1
        judged = outcomes[-1].status == "passed"
        if options.check and not judged:
            print(
                f"\nNext: {again} without --check; {_first_open(outcomes)} afterwards, when you have seen the curves."
            )
            return 1
        if options.check:
            print("\nPublic checks passed; marking uses other inputs, and more of them.")
            return 0
        try:
            device = "cpu" if name == "numpy_ann" else choose_device(options.device)
            data = load_fashion_mnist(
                options.data_dir,
                train_size=options.train_size,
                one_hot=name == "numpy_ann",
                flat=part.image_shape == (784,),
            )
        except (DataError, ValueError) as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        bar_met = _train_and_test(part, module, options, data, device)
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
    if not bar_met:
        return 1
    if not judged:
        number = outcomes[-1].check.number
        print(
            f"Next: read the curves in {part.plot_file}, set JUDGEMENT ({number}), then {part.next_step}."
        )
        return 1
    print(f"Next: {part.next_step}.")
    return 0


def print_checks(part: Part, module: ModuleType, *, verbose: bool = False) -> list[Outcome]:
    """Print a line for each section as its check ends: a tick, a cross with the reason, or what it waits for."""
    good, bad, none = _marks()
    marks = {"passed": good, "failed": bad}
    outcomes = []
    for outcome in run_checks(part, module, verbose=verbose):
        short = outcome.message if outcome.status != "failed" else ""
        print(
            f"  {marks.get(outcome.status, none)} {outcome.check.number} {outcome.check.title:<24} {short}".rstrip()
        )
        if outcome.status == "failed":
            print(
                "\n".join(
                    f"      {line}"
                    for line in outcome.message.replace(" Hint: ", "\nHint: ").splitlines()
                )
            )
        outcomes.append(outcome)
    return outcomes


def _coloured(text: str, code: int) -> str:
    return (
        f"\x1b[{code}m{text}\x1b[0m"
        if sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        else text
    )


def _marks() -> tuple[str, str, str]:
    """A tick, a cross and a dot, or what a plain console can show of them."""
    try:
        "✓✗·".encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(
                    errors="replace"
                )  # whatever else is printed must not raise either
        return "ok", "NO", "--"
    return _coloured("✓", 32), _coloured("✗", 31), "·"


def _first_open(outcomes: list[Outcome]) -> str:
    outcome = next(o for o in outcomes if o.status != "passed")
    return f"{'write' if outcome.status == 'not written' else 'mend'} {outcome.check.number} {outcome.check.title}"


def _parse_options(
    part: Part, module: ModuleType, arguments: list[str] | None
) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=f"{part.name}.py", description=f"{part.title}: check, train, test, plot."
    )
    for constant in ("EPOCHS", "BATCH_SIZE", "LEARNING_RATE"):
        if not hasattr(module, constant):
            parser.error(
                f"{constant} is not defined at the top of {part.name}.py, expected a number"
            )
    parser.add_argument("--check", action="store_true", help="check the sections, do not train")
    parser.add_argument(
        "--epochs",
        type=_positive(int),
        default=module.EPOCHS,
        metavar="N",
        help="default: %(default)s",
    )
    parser.add_argument(
        "--batch-size",
        type=_positive(int),
        default=module.BATCH_SIZE,
        metavar="N",
        help="default: %(default)s",
    )
    parser.add_argument(
        "--learning-rate",
        type=_positive(float),
        default=module.LEARNING_RATE,
        metavar="X",
        help="default: %(default)s",
    )
    parser.add_argument(
        "--seed",
        type=_seed,
        default=0,
        metavar="N",
        help="of the initial weights and the shuffling (default: 0)",
    )
    parser.add_argument(
        "--train-size",
        type=_positive(int),
        metavar="N",
        help="train on fewer images, for a quick try (default: 54000)",
    )
    parser.add_argument(
        "--device",
        default="auto",
        help="auto, cpu, cuda or mps (default: auto; part 1 always uses the CPU)",
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help=f"folder that holds FashionMNIST/raw (default: ${DATA_VARIABLE}, else data/)",
    )
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="show every frame of an error, not only those of your code",
    )
    return parser.parse_args(arguments)


def _seed(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative, expected 0 or more")
    return value


def _positive(kind: type[int] | type[float]) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = kind(text)
        if not value > 0:
            raise argparse.ArgumentTypeError(f"{text} is not positive")
        return value

    parse.__name__ = f"positive {kind.__name__}"
    return parse


def _train_and_test(
    part: Part, module: ModuleType, options: argparse.Namespace, data: Splits, device: str
) -> bool:
    """Train, test and plot one script; prints the results and returns whether the bar is met."""
    print(f"\nTraining on {len(data.X_train):,} images, {device}")
    seed_everything(options.seed)
    started = time.perf_counter()
    try:
        history, predict = _fit(part, module, options, data, device)
        seconds = time.perf_counter() - started
        labels = predict()
    except (Exception, SystemExit) as error:
        print(
            f"\nTraining stopped with an error:\n{describe_error(error, verbose=options.verbose)}"
        )
        return False
    losses = [*history.train_losses, *history.val_losses]
    if not losses or not np.isfinite(losses).all():
        print(
            "\nThe loss is not finite: training diverged. Hint: try a smaller LEARNING_RATE first."
        )
        return False
    if labels.shape != data.y_test.shape[:1]:
        print(
            f"\npredict gave shape {labels.shape} for {len(data.X_test)} images, expected ({len(data.X_test)},)."
        )
        return False
    y_test = data.y_test if data.y_test.ndim == 1 else data.y_test.argmax(axis=1)
    accuracy = float(np.mean(labels == y_test))
    bar_met = accuracy >= part.bar
    print(f"\nTrained in {seconds:.1f} s")
    print(
        f"Test accuracy {accuracy:.2%}, bar {part.bar:.0%}: {'met' if bar_met else 'not met yet'}"
    )
    try:
        plot_history(
            history,
            part.plot_file,
            title=f"{part.class_name}: learning curves",
            bar=part.bar,
            script=part.name,
            fingerprint=_fingerprint_of(module),
        )
    except OSError as error:
        print(
            f"error: {part.plot_file} cannot be written ({error.strerror}); run where you may write",
            file=sys.stderr,
        )
        return False
    print(f"Learning curves: {part.plot_file}")
    if accuracy < 0.2:
        print("Hint: that is hardly better than guessing; try a much smaller LEARNING_RATE first.")
    elif not bar_met:
        print(
            "Hint: compare the two loss curves (README, reading learning curves), then try more epochs or another rate."
        )
    return bar_met


def _fit(
    part: Part, module: ModuleType, options: argparse.Namespace, data: Splits, device: str
) -> tuple[History, Callable[[], np.ndarray]]:
    """The learning curves, and a function that predicts the test labels."""
    model = getattr(module, part.class_name)(seed=options.seed)
    settings = {"epochs": options.epochs, "batch_size": options.batch_size}
    if part.name == "numpy_ann":
        history = model.fit(*data[:4], **settings, learning_rate=options.learning_rate)
        return history, lambda: np.asarray(model.predict(data.X_test))
    import torch

    module.LEARNING_RATE = options.learning_rate  # type: ignore[attr-defined]  # configure_optimizer reads it there
    history = model.fit(*(torch.from_numpy(array) for array in data[:4]), **settings, device=device)
    blocks = torch.from_numpy(data.X_test).to(device).split(1000)
    return history, lambda: np.concatenate(
        [torch.as_tensor(model.predict(block)).cpu().numpy() for block in blocks]
    )


# %% Submission checklist --------------------------------------------------------------------------


def source_fingerprint(source: str) -> str:
    """A hash of what a script does: its syntax tree without docstrings, comments and JUDGEMENT.

    A plot carries it, so that writing down the judgement after looking at the plot does not make it stale.
    """
    tree = ast.parse(source)
    tree.body = [
        node
        for node in tree.body
        if not (isinstance(node, ast.Assign) and _assigns(node, "JUDGEMENT"))
    ]
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:16]


def _fingerprint_of(module: ModuleType) -> str:
    """That of a script's file; "" in a notebook, which has none."""
    path = getattr(module, "__file__", None)
    return source_fingerprint(Path(path).read_text(encoding="utf-8-sig")) if path else ""


def _assigns(node: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)


def checklist(folder: Path) -> list[tuple[str, str]]:
    """What stands between `folder` and a submission: pairs of a file and its problem, "" where there is none."""
    findings = []
    for part in PARTS.values():
        source = submitted_source(folder, part.name)
        findings.append((source.name, _script_problem(source, part)))
    for part in PARTS.values():
        if part.name != "numpy_ann":  # its plot is for the student's own eyes
            problem = _plot_problem(folder / part.plot_file, submitted_source(folder, part.name))
            findings.append((part.plot_file, problem))
    return findings


def submitted_source(folder: Path, name: str) -> Path:
    """The script to hand in, or the notebook of the same name where only that one has been written."""
    script, notebook = folder / f"{name}.py", folder / f"{name}.ipynb"
    if notebook.is_file() and (
        not script.is_file() or len(_unwritten(notebook)) < len(_unwritten(script))
    ):
        return notebook
    return script


def _unwritten(path: Path) -> list[str]:
    """The TODOs that are left in a script or notebook."""
    text = path.read_text(encoding="utf-8-sig", errors="replace").replace('\\"', '"')
    marks = ('NotImplementedError("TODO', 'JUDGEMENT = "TODO')
    return [
        "TODO" + line.split('"TODO', 1)[1].split('"')[0]
        for line in text.splitlines()
        if any(m in line for m in marks)
    ]


def _script_problem(path: Path, part: Part) -> str:
    if not path.is_file():
        return "is missing"
    unwritten = _unwritten(path)
    if unwritten:
        return f"is not finished: {'; '.join(unwritten)}"
    try:
        source = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".ipynb":
            cells = json.loads(source)["cells"]
            return "" if part.class_name in str(cells) else f"does not define {part.class_name}"
    except (ValueError, KeyError, TypeError) as error:
        return f"cannot be read ({error}), expected a script or notebook in UTF-8"
    return _import_problem(path, part)


def _import_problem(path: Path, part: Part) -> str:
    """What keeps a script from being imported and checked, and a JUDGEMENT that is none of the three words."""
    sys.path.insert(0, str(path.parent))
    sys.argv[1:] = []  # a script that runs at import must not read our options
    try:
        module = importlib.import_module(path.stem)
    except (Exception, SystemExit) as error:
        return f"cannot be imported: {describe_error(error)}"
    finally:
        sys.path.remove(str(path.parent))
    if part.checks[-1].after_training:
        try:
            part.checks[-1].run(module)
        except (CheckFailed, NotImplementedError) as error:
            return f"is not finished: {error}"
    return ""


def _plot_problem(path: Path, source: Path) -> str:
    again = (
        f"run python {source.stem}.py again"
        if source.suffix == ".py"
        else f"run {source.name} again"
    )
    if not path.is_file():
        return f"is missing: {again}"
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.load()
            text, kind = dict(image.info), image.format
    except (OSError, SyntaxError) as error:
        return f"is not a readable PNG ({error}): {again}"
    if kind != "PNG":
        return f"is a {kind} file, expected a PNG: {again}"
    try:
        carried = dict(json.loads(text.get("History", "{}")))
    except (ValueError, TypeError):
        carried = {}
    if carried.get("script", source.stem) != source.stem:
        return f"was written by {carried['script']}.py: {again}"
    if (
        source.suffix == ".ipynb"
        or not source.is_file()
        or path.stat().st_mtime >= source.stat().st_mtime
    ):
        return ""  # Jupyter saves a notebook after its last run, so its age says nothing
    with contextlib.suppress(
        SyntaxError, ValueError
    ):  # a script that does not parse cannot be compared
        if carried.get("fingerprint") == source_fingerprint(source.read_text(encoding="utf-8-sig")):
            return ""
    return f"is older than {source.name}: {again}"


def pack(folder: Path) -> Path:
    """Write `submission.zip` with those of the checklist's five files that are there, and return its path."""
    archive = folder / "submission.zip"
    files = [submitted_source(folder, part.name) for part in PARTS.values()]
    files += [folder / part.plot_file for part in PARTS.values() if part.name != "numpy_ann"]
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as stream:
        for path in files:
            if path.is_file():
                stream.write(path, path.name)
    return archive


def _run_checklist(folder: Path, *, anyway: bool) -> int:
    good, bad, _ = _marks()
    findings = checklist(folder)
    for name, problem in findings:
        print(f"  {bad if problem else good} {name} {problem}".rstrip())
    if any(problem for _, problem in findings) and not anyway:
        print(
            f"Nothing is packed yet. Mend what is marked in {folder}, then run python utils.py --checklist again;"
        )
        print("to hand in what is there all the same: python utils.py --checklist --anyway")
        return 1
    print(f"Packed {pack(folder)}. Hand in this file.")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """The submission checklist and the download of the data: `python utils.py --help`."""
    parser = argparse.ArgumentParser(prog="utils.py", description="Submission checklist and data.")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument(
        "--checklist", action="store_true", help="verify the submission and pack submission.zip"
    )
    action.add_argument(
        "--download", action="store_true", help="fetch missing or damaged data files"
    )
    parser.add_argument("--anyway", action="store_true", help="pack even what is not finished")
    parser.add_argument(
        "--folder",
        type=Path,
        default=HERE,
        help="where your scripts are (default: beside utils.py)",
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="where the data is, or shall be (default: data/)",
    )
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        parser.error(
            f"--folder {options.folder} does not exist, expected the folder of your scripts"
        )
    if options.checklist:
        return _run_checklist(options.folder.resolve(), anyway=options.anyway)
    try:
        download_data(options.data_dir)
    except (DataError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"All data files are in {data_folder(options.data_dir)}, whole.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
