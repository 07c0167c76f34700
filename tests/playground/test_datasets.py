"""The datasets, their split, and the CSV form."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import utils
from playground.csv_files import HEADER, read_csv, write_csv
from playground.datasets import DATASETS, Dataset, load, one_of_each, split
from playground.errors import BadFile, PlaygroundError
from playground.plots import image_grid


@pytest.mark.parametrize("name", DATASETS)
def test_a_dataset_is_the_published_one(name: str) -> None:
    dataset = load(name)
    assert dataset.X_train.shape == (60000, 784)
    assert dataset.X_test.shape == (10000, 784)
    assert dataset.X_train.dtype == np.uint8
    assert len(dataset.class_names) == 10
    assert set(np.unique(dataset.y_train)) == set(np.unique(dataset.y_test)) == set(range(10))


def test_a_split_holds_the_images_that_the_assignment_trains_on() -> None:
    theirs = utils.load_fashion_mnist(train_size=500, validation_size=200, seed=3)
    ours = split(load("fashion-mnist"), train_size=500, validation_size=200, seed=3)
    np.testing.assert_allclose(ours.X_train / 255, theirs.X_train, rtol=1e-6)
    np.testing.assert_allclose(ours.X_val / 255, theirs.X_val, rtol=1e-6)
    np.testing.assert_array_equal(ours.y_train, theirs.y_train)
    np.testing.assert_array_equal(ours.y_val, theirs.y_val)


def numbered(n: int) -> Dataset:
    """A dataset whose image i holds the number i."""
    X, y = np.arange(n, dtype=np.uint8).repeat(784).reshape(n, 784), np.arange(n) % 10
    return Dataset(tuple("0123456789"), X, y, X[:5], y[:5])


def test_a_tenth_validates_and_no_image_is_in_both_parts() -> None:
    parts = split(numbered(50))
    assert len(parts.y_val) == 5
    assert sorted([*parts.X_train[:, 0], *parts.X_val[:, 0]]) == list(range(50))


def test_only_pixels_and_their_labels_are_written(tmp_path: Path) -> None:
    X, y = np.zeros((3, 784), np.uint8), np.arange(3)
    with pytest.raises(PlaygroundError, match=r"X has shape \(3, 784\) and type float64, expected"):
        write_csv(tmp_path / "images.csv", X / 255, y)
    with pytest.raises(PlaygroundError, match="y has 2 labels, expected 3"):
        write_csv(tmp_path / "images.csv", X, y[:2])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("sizes", "message"), [
    ({"validation_size": 50}, "validation_size is 50, expected 0 to 49 of the 50 training images"),
    ({"train_size": 46}, r"train_size is 46, expected 1 to 45 \(50 minus 5\)"),
    ({"train_size": 0}, "train_size is 0, expected 1 to 45"),
    ({"train_size": 0.5}, "train_size is 0.5, expected an integer"),
    ({"validation_size": 0.1}, "validation_size is 0.1, expected an integer"),
    ({"seed": -1}, "seed is -1, expected an integer of at least 0"),
])  # fmt: skip
def test_sizes_that_do_not_fit_are_refused(sizes: dict[str, Any], message: str) -> None:
    with pytest.raises(PlaygroundError, match=message):
        split(numbered(50), **sizes)


def test_an_unknown_dataset_and_a_missing_folder_are_answered_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(PlaygroundError, match="unknown dataset 'minst', did you mean 'mnist'"):
        load("minst")
    with pytest.raises(BadFile, match=r"train-images-idx3-ubyte\.gz is missing"):
        load("mnist", tmp_path)


def test_one_of_each_draws_every_class_once_and_by_chance() -> None:
    y = np.random.default_rng(0).integers(0, 10, 500)
    draws = [one_of_each(y, 10, np.random.default_rng(seed)) for seed in (0, 1)]
    for indices in draws:
        assert y[indices].tolist() == list(range(10))
    assert draws[0].tolist() != draws[1].tolist()
    with pytest.raises(PlaygroundError, match="no image has label 10"):
        one_of_each(y, 11, np.random.default_rng(0))


def test_the_grid_shows_each_image_under_its_title() -> None:
    images = np.random.default_rng(0).integers(0, 256, (7, 784), np.uint8)
    axes = image_grid(images, list("abcdefg"), columns=3).axes
    assert [axis.get_title() for axis in axes] == [*"abcdefg", "", ""]
    np.testing.assert_array_equal(axes[6].images[0].get_array(), images[6].reshape(28, 28))
    assert not axes[8].images


@given(n=st.integers(1, 4), seed=st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_what_is_written_as_csv_is_read_back(
    n: int, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rng = np.random.default_rng(seed)
    X, y = rng.integers(0, 256, (n, 784), np.uint8), rng.integers(0, 10, n)
    path = tmp_path_factory.getbasetemp() / "images.csv"
    write_csv(path, X, y)
    again, labels = read_csv(path)
    np.testing.assert_array_equal(again, X)
    np.testing.assert_array_equal(labels, y)
    assert again.dtype == np.uint8


def test_the_csv_form_is_kaggles(tmp_path: Path) -> None:
    write_csv(
        tmp_path / "one.csv", np.arange(784, dtype=np.int64)[None].astype(np.uint8), np.array([7])
    )
    header, row, rest = (tmp_path / "one.csv").read_text().split("\n")
    assert header.startswith("label,pixel1,pixel2,")
    assert header.endswith(",pixel783,pixel784")
    assert row.startswith("7,0,1,2,3,")
    assert rest == ""


ROW = ",".join(["3", *["9"] * 784])
DIGITS = "label," + ",".join(f"{row}x{column}" for row in range(1, 29) for column in range(1, 29))
QUOTED = ",".join(f'"{name}"' for name in HEADER.split(","))
FROM_ZERO = "label," + ",".join(f"pixel{number}" for number in range(784))
TEXT = f"{HEADER}\n{ROW}\n".encode()


def zipped(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, TEXT)
    return packed.getvalue()


KAGGLES = zipped("fashion-mnist_test.csv", "fashion-mnist_train.csv", "t10k-images-idx3-ubyte")


@pytest.mark.parametrize("content", [
    f"{HEADER}\r\n{ROW}\r\n\r\n".encode(),  # from Windows, with an empty last line
    f"{HEADER}\n{ROW}".encode("utf-8-sig"),  # with a byte order mark, from Excel
    f"{DIGITS}\n{ROW}\n".encode(),
    f"{FROM_ZERO}\n{ROW}\n".encode(),
    f"{QUOTED}\n{ROW}\n".encode(),
    f"{QUOTED}\n{ROW.replace('9', chr(34) + '9' + chr(34))}\n".encode(),
    gzip.compress(TEXT),
    gzip.compress(f"{QUOTED}\n{ROW}\n".encode("utf-8-sig")),
    zipped("mnist_train.csv", "__MACOSX/._mnist_train.csv", "readme.txt"),
], ids=range(9))  # fmt: skip
def test_a_csv_file_is_read_as_other_programs_write_and_pack_it(
    content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "images").write_bytes(content)
    X, y = read_csv(str(tmp_path / "images"))
    assert (X == 9).all()
    assert y.tolist() == [3]


def test_an_archive_of_several_csv_files_is_entered_like_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "archive.zip"
    path.write_bytes(KAGGLES)
    assert read_csv(path / "fashion-mnist_test.csv")[1].tolist() == [3]
    choices = f"{path / 'fashion-mnist_test.csv'} or {path / 'fashion-mnist_train.csv'}"
    for name, problem in (("", "holds 2 CSV files"), ("x.csv", "does not hold x.csv")):
        with pytest.raises(BadFile) as caught:
            read_csv(path / name)
        assert str(caught.value).startswith(f"{path} {problem}, expected ")
        assert str(caught.value).endswith(choices)


@pytest.mark.parametrize(("content", "message"), [
    (zipped("readme.txt"), "holds no .csv file, expected one"),
    (KAGGLES[:-40], "cannot be unpacked (File is not a zip file), expected a whole archive"),
    (zipped("a.csv")[:30] + b"junk" * 3 + zipped("a.csv")[42:], "cannot be unpacked"),
    (gzip.compress(TEXT)[:-20], "cannot be unpacked (Compressed file ended before"),
    (gzip.compress(b"9" * 10**7), "line 1: starts with '9999"),
    (gzip.compress(TEXT + b"9" * 10**7), "line 3: 1 values, expected 785"),
], ids=range(6))  # fmt: skip
def test_an_archive_that_is_damaged_or_empty_or_huge_is_refused(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "images.zip"
    path.write_bytes(content)
    with pytest.raises(BadFile) as caught:
        read_csv(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("content", "message"), [
    ("", "line 1: starts with '', expected label,pixel1,…,pixel784"),
    (FROM_ZERO[6:] + "\n", "line 1: names pixels but no label, expected a file with labels"),
    ("label,pixel1,pixel2\n", "line 1: names 2 pixels, the last 'pixel2', expected label,pix"),
    ("a,b\n1,2\n", "line 1: starts with 'a,b', expected label"),
    (HEADER + "\n", "ends after its header, expected one image per line"),
    (f"{HEADER}\n{ROW}\n1,2,3\n", "line 3: 3 values, expected 785"),
    (f"{HEADER}\n{ROW}\n{ROW},1\n", "line 3: 786 values, expected 785"),
    (f"{HEADER}\n{ROW}\n{ROW[:-1]}256\n",
     "line 3: could not convert string '256', expected integers from 0 to 255"),
    (f"{HEADER}\n{ROW}\n{ROW[:-1]}-1\n{ROW}\n", "line 3: could not convert string '-1', expected"),
    (f"{HEADER}\n{ROW[:-1]}0.5\n", "line 2: could not convert string '0.5', expected"),
    (f"{HEADER}\n{ROW[:-1]}\n", "line 2: could not convert string '', expected"),
    (f"{HEADER}\n{ROW}\n1{ROW}\n", "line 3: label 13, expected 0 to 9"),
    (f"{HEADER}\n{ROW[:-1]}é\n", "line 2: could not convert string 'é', expected integers from 0 to 255"),
], ids=range(13))  # fmt: skip
def test_a_csv_file_with_a_mistake_is_refused_with_its_line(
    content: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "images.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadFile) as caught:
        read_csv(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_csv_file_that_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "images.csv"
    path.write_bytes(TEXT.decode().encode("utf-16"))
    with pytest.raises(BadFile, match="is not plain text, expected a CSV file of numbers"):
        read_csv(path)


def test_a_csv_file_that_is_missing_a_folder_or_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadFile, match="cannot be read"):
        read_csv(tmp_path / "nowhere.csv")
    with pytest.raises(BadFile, match="cannot be read"):
        read_csv(tmp_path)
    path = tmp_path / "images.csv"
    write_csv(path, np.zeros((1, 784), np.uint8), np.array([0]))
    monkeypatch.setattr("playground.csv_files.MAX_BYTES", 100)
    with pytest.raises(BadFile, match=r"has over 100 bytes, expected at most that many"):
        read_csv(path)
