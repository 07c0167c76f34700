"""Loading: sizes, splits, unpacking, damage, read-only folders, torchvision."""

import gzip
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import utils
from assignment import download
from assignment.data import IDX_FILES, DataError, data_folder, download_data, read_idx
from tests.lab.support import served
from tests.support import ROOT, run, sampled


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A copy of the packed Fashion-MNIST files, not unpacked yet."""
    raw = tmp_path / "data" / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for path in (ROOT / "data" / "FashionMNIST" / "raw").glob("*.gz"):
        shutil.copyfile(path, raw / path.name)
    return tmp_path / "data"


def test_default_sizes_types_and_range() -> None:
    data = utils.load_fashion_mnist()
    assert [len(array) for array in data] == [54_000, 54_000, 6_000, 6_000, 10_000, 10_000]
    assert data.X_train.shape == (54_000, 784)
    assert {array.dtype for array in (data.X_train, data.X_val, data.X_test)} == {
        np.dtype(np.float32)
    }
    assert data.y_test.dtype == np.int64
    assert (data.X_train.min(), data.X_train.max()) == (0, 1)
    assert np.bincount(data.y_test).tolist() == [1000] * 10


def test_one_hot_and_images() -> None:
    data = utils.load_fashion_mnist(train_size=100, one_hot=True, flat=False)
    assert data.X_train.shape == (100, 1, 28, 28)
    assert data.y_train.shape == (100, 10)
    assert (data.y_train.sum(axis=1) == 1).all()


def test_training_and_validation_images_are_those_published_each_once() -> None:
    data = utils.load_fashion_mnist(seed=3)
    published = read_idx(IDX_FILES["FashionMNIST"][0]).reshape(-1, 784).sum(axis=1, dtype=np.int64)
    ours = np.round(
        255 * np.concatenate([data.X_train, data.X_val]).sum(axis=1, dtype=np.float64)
    ).astype(np.int64)
    assert np.array_equal(np.sort(ours), np.sort(published))


def test_split_depends_on_the_seed_alone() -> None:
    first, again, other = (utils.load_fashion_mnist(train_size=50, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.X_train, again.X_train)
    assert not np.array_equal(first.X_train, other.X_train)
    assert np.array_equal(first.X_test, other.X_test)


@pytest.mark.parametrize(("sizes", "message"), [
    ({"train_size": 54_001}, "train_size is 54001, expected 1 to 54000"),
    ({"train_size": 0}, "train_size is 0"),
    ({"validation_size": 60_000}, "validation_size is 60000, expected 0 to 59999"),
])  # fmt: skip
def test_sizes_that_do_not_fit_are_refused(sizes: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        utils.load_fashion_mnist(**sizes)


def test_mnist_loads_too() -> None:
    data = utils.load_fashion_mnist(dataset="MNIST", train_size=10)
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]  # of the digits 0 to 9
    assert np.bincount(data.y_test).tolist() == counts


def test_files_are_unpacked_once_beside_the_gz(data: Path) -> None:
    utils.load_fashion_mnist(data, train_size=10)
    unpacked = data / "FashionMNIST" / "raw" / "train-images-idx3-ubyte"
    first = unpacked.stat().st_mtime_ns
    utils.load_fashion_mnist(data, train_size=10)
    assert unpacked.stat().st_mtime_ns == first
    assert isinstance(read_idx(IDX_FILES["FashionMNIST"][0], data).base, np.memmap)


def test_a_damaged_unpacked_file_is_unpacked_again(data: Path) -> None:
    utils.load_fashion_mnist(data, train_size=10)
    unpacked = data / "FashionMNIST" / "raw" / "t10k-labels-idx1-ubyte"
    content = bytearray(unpacked.read_bytes())
    content[500] ^= 1
    unpacked.write_bytes(content)
    assert np.bincount(utils.load_fashion_mnist(data, train_size=10).y_test).tolist() == [1000] * 10


def test_a_read_only_folder_works() -> None:
    """Loads as an ordinary user where the tests run as root, for whom nothing is read-only."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "FashionMNIST" / "raw"
        shutil.copytree(
            ROOT / "data" / "FashionMNIST" / "raw", raw, ignore=shutil.ignore_patterns("*-ubyte")
        )
        Path(folder).chmod(0o755)
        raw.chmod(0o555)
        code = (
            "import os, sys, utils\n"
            # imports all that is needed: this Python may be in root's home
            "utils.load_fashion_mnist(train_size=1)\n"
            "os.getuid() or os.setuid(65534)\n"
            "print(len(utils.load_fashion_mnist(sys.argv[1])[0]))\n"
        )
        ran = run("-c", code, folder)
        assert ran.stdout.strip() == "54000", ran.stderr
        assert not list(raw.glob("*-ubyte"))
        raw.chmod(0o755)


def damage_missing(path: Path) -> None:
    path.unlink()


def damage_truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def damage_altered(path: Path) -> None:
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[100] ^= 1
    path.write_bytes(gzip.compress(content))


def damage_no_gzip(path: Path) -> None:
    path.write_bytes(b"<html>not found</html>")


@pytest.mark.parametrize(("damage", "message"), [
    (damage_missing, "is missing"),
    (damage_truncated, "cannot be unpacked"),
    (damage_altered, "was altered"),
    (damage_no_gzip, "cannot be unpacked"),
])  # fmt: skip
def test_damage_gives_one_line_with_the_file_and_the_command(
    data: Path, damage, message: str
) -> None:
    damage(data / "FashionMNIST" / "raw" / "t10k-images-idx3-ubyte.gz")
    with pytest.raises(DataError) as caught:
        utils.load_fashion_mnist(data)
    assert message in caught.value.problem
    assert caught.value.fix == f"python utils.py --download --data-dir {data}"
    text = str(caught.value)
    assert "t10k-images-idx3-ubyte.gz" in text
    assert text.endswith(f". Fix it with: {caught.value.fix}")
    assert "\n" not in text


def test_the_environment_variable_points_elsewhere(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASHION_MNIST_DATA", str(data))
    assert data_folder() == data
    assert data_folder("here") == Path("here")


def test_torchvision_accepts_the_folder() -> None:
    from torchvision import datasets

    ours = utils.load_fashion_mnist(train_size=1)  # unpacks
    theirs = datasets.FashionMNIST(str(ROOT / "data"), train=False)
    assert len(theirs) == 10_000
    assert np.array_equal(
        theirs.data.numpy().reshape(-1, 784), np.round(255 * ours.X_test).astype(np.uint8)
    )
    assert np.array_equal(theirs.targets.numpy(), ours.y_test)


def test_readme_lists_the_hashes_of_all_files() -> None:
    import hashlib

    readme = (ROOT / "data" / "README.md").read_text()
    for path in (ROOT / "data").glob("*/raw/*.gz"):
        packed = path.read_bytes()
        for content in (packed, gzip.decompress(packed)):
            assert hashlib.sha256(content).hexdigest() in readme, path


def test_utils_and_part_1_need_no_torch() -> None:
    heavy = "[name for name in sys.modules if name in ('torch', 'matplotlib', 'tqdm')]"
    code = f"import sys, utils, numpy_ann; utils.load_fashion_mnist(train_size=1); print({heavy})"
    assert run("-c", code).stdout.strip() == "[]"


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that a server publishes, as the second source of Fashion-MNIST; the first has none."""
    folder = tmp_path / "published"
    folder.mkdir()
    for path in (ROOT / "data" / "FashionMNIST" / "raw").glob("*.gz"):
        (folder / path.name).symlink_to(path)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with served(folder) as address:
        monkeypatch.setitem(download.SOURCES, "FashionMNIST", (f"{address}none/", address))
        yield folder


def test_missing_and_damaged_files_are_downloaded(data: Path, published: Path) -> None:
    raw = data / "FashionMNIST" / "raw"
    damage_altered(raw / "t10k-labels-idx1-ubyte.gz")
    (raw / "t10k-images-idx3-ubyte.gz").unlink()
    whole = raw / "train-images-idx3-ubyte.gz"
    before = whole.stat()
    download_data(data)
    assert [len(array) for array in utils.load_fashion_mnist(data)[4:]] == [10_000, 10_000]
    assert whole.stat() == before


def test_a_folder_without_data_is_filled(published: Path, tmp_path: Path) -> None:
    download_data(tmp_path / "data")
    assert len(utils.load_fashion_mnist(tmp_path / "data", train_size=1).X_test) == 10_000
    assert {path.suffix for path in (tmp_path / "data" / "FashionMNIST" / "raw").iterdir()} <= {
        ".gz",
        "",
    }


@pytest.mark.parametrize(("damage", "why"), sampled([
    (damage_missing, "HTTP Error 404"),
    (damage_truncated, "ended before"),
    (damage_altered, "another file than the published t10k-labels-idx1-ubyte.gz"),
    (damage_no_gzip, "Not a gzipped file"),
], every=2))  # fmt: skip
def test_what_is_not_the_published_file_replaces_nothing(
    data: Path, published: Path, damage, why: str
) -> None:
    wanted = published / "t10k-labels-idx1-ubyte.gz"
    content = wanted.read_bytes()
    wanted.unlink()
    wanted.write_bytes(content)
    damage(wanted)
    ours = data / "FashionMNIST" / "raw" / wanted.name
    ours.write_bytes(b"damaged")
    with pytest.raises(DataError) as caught:
        download_data(data)
    assert str(caught.value).startswith("FashionMNIST could not be downloaded (127.0.0.1:")
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
    assert ours.read_bytes() == b"damaged"


def test_download_without_a_network_fails_in_one_line(data: Path) -> None:
    (data / "FashionMNIST" / "raw" / "t10k-labels-idx1-ubyte.gz").unlink()
    shutil.copytree(
        ROOT / "data" / "MNIST", data / "MNIST", ignore=shutil.ignore_patterns("*-ubyte")
    )
    nobody = "http://127.0.0.1:9"  # no server listens at port 9
    dead_end = {"http_proxy": nobody, "https_proxy": nobody}
    ran = run("utils.py", "--download", "--data-dir", data, **dead_end)
    assert ran.returncode == 2
    assert (
        ran.stderr.strip()
        .splitlines()[-1]
        .startswith("error: FashionMNIST could not be downloaded")
    )


def test_download_says_so_when_everything_is_there() -> None:
    ran = run("utils.py", "--download")
    assert ran.returncode == 0
    assert "All data files are complete" in ran.stdout
