"""Fashion-MNIST and MNIST as pixels, split by a seed. `utils` reads and verifies the files."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

import utils
from assignment.data import IDX_FILES, DataError, read_idx
from playground.csv_files import read_csv
from playground.errors import BadFile, PlaygroundError
from playground.registry import choose
from playground.values import check_whole, generator


class DatasetSource(NamedTuple):
    """The folder of a dataset under `data/`, and the names of its classes."""

    folder: str
    class_names: tuple[str, ...]


DATASETS = {
    "fashion-mnist": DatasetSource("FashionMNIST", utils.CLASS_NAMES),
    "mnist": DatasetSource("MNIST", tuple("0123456789")),
}


class Dataset(NamedTuple):
    """Pixels uint8 `(n, 784)` and labels int64 `(n,)` of the published training and test images."""

    class_names: tuple[str, ...]
    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


class Split(NamedTuple):
    """The training images, divided into a training set and a validation set."""

    X_train: np.ndarray
    y_train: np.ndarray
    X_val: np.ndarray
    y_val: np.ndarray


def load(
    name: str,
    data_dir: str | Path | None = None,
    csv: tuple[str | Path, str | Path] | None = None,
) -> Dataset:
    """The dataset of that name; its pixels are memory-mapped, not read.

    With `csv`, the training and the test images are read from these two files instead, and the
    dataset gives only the names of the classes. Raises PlaygroundError for an unknown name, BadFile
    if files are missing or damaged.
    """
    known = choose("dataset", name, DATASETS)
    if csv is not None:
        train, test = (read_csv(path, classes=len(known.class_names)) for path in csv)
        return Dataset(known.class_names, *train, *test)
    try:
        X_train, y_train, X_test, y_test = (
            read_idx(file, data_dir, known.folder) for file in IDX_FILES[known.folder]
        )
    except DataError as error:
        raise BadFile(str(error)) from None
    return Dataset(
        known.class_names,
        X_train.reshape(len(X_train), -1),
        y_train.astype(np.int64),
        X_test.reshape(len(X_test), -1),
        y_test.astype(np.int64),
    )


def source(name: str, csv: tuple[str | Path, str | Path] | None) -> str:
    """Where `load` finds the images: the name of the dataset, or of the training file."""
    return str(csv[0]) if csv else name


def split(
    dataset: Dataset,
    *,
    validation_size: int | None = None,
    train_size: int | None = None,
    seed: int = 0,
) -> Split:
    """The training images, shuffled by `seed` and split.

    The first `validation_size` images (default: a tenth) validate, the next `train_size` (default:
    all the rest) train: the same images as `utils.load_fashion_mnist` returns for this seed. Raises
    PlaygroundError if there are too few.
    """
    n = len(dataset.y_train)
    validation_size = n // 10 if validation_size is None else validation_size
    check_whole("validation_size", validation_size, least=0)
    if not 0 <= validation_size < n:
        raise PlaygroundError(
            f"validation_size is {validation_size}, "
            f"expected 0 to {n - 1} of the {n} training images"
        )
    rest = n - validation_size
    train_size = rest if train_size is None else train_size
    check_whole("train_size", train_size, least=0)
    if not 1 <= train_size <= rest:
        raise PlaygroundError(
            f"train_size is {train_size}, expected 1 to {rest} ({n} minus {validation_size})"
        )
    order = generator(seed).permutation(n)
    validation = order[:validation_size]
    training = order[validation_size : validation_size + train_size]
    X, y = dataset.X_train, dataset.y_train
    return Split(X[training], y[training], X[validation], y[validation])


def one_of_each(y: np.ndarray, classes: int, rng: np.random.Generator) -> np.ndarray:
    """Indices `(classes,)` of one random image per class.

    Raises PlaygroundError if a class has no image.
    """
    indices = []
    for label in range(classes):
        of_class = np.flatnonzero(y == label)
        if not len(of_class):
            raise PlaygroundError(
                f"no image has label {label}, expected at least one of each of {classes} classes"
            )
        indices.append(int(rng.choice(of_class)))
    return np.array(indices)
