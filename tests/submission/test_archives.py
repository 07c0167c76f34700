"""Every other form, hostile archives included, gives one line."""

import gzip
import io
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.errors import SubmissionError
from grader.submission.reading import open_submission
from tests.submission.support import tarred, zipped
from tests.support import sampled


def with_entry(name: str, kind: bytes = tarfile.REGTYPE) -> Callable[[Path, Path], Path]:
    def build(folder: Path, tmp: Path) -> Path:
        archive = tarred(folder, tmp / "whole.tgz")
        with tarfile.open(archive) as whole, tarfile.open(tmp / "work.tgz", "w:gz") as stream:
            for member in whole.getmembers():
                stream.addfile(member, whole.extractfile(member))
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            stream.addfile(entry, io.BytesIO(b""))
        return tmp / "work.tgz"

    return build


def empty_zip(folder: Path, tmp: Path) -> Path:
    zipfile.ZipFile(tmp / "work.zip", "w").close()
    return tmp / "work.zip"


def file_of(name: str, content: bytes) -> Callable[[Path, Path], Path]:
    def build(folder: Path, tmp: Path) -> Path:
        (tmp / name).write_bytes(content)
        return tmp / name

    return build


def truncated(name: str) -> Callable[[Path, Path], Path]:
    def build(folder: Path, tmp: Path) -> Path:
        whole = (zipped if name.endswith("zip") else tarred)(
            folder, tmp / f"whole-{name}"
        ).read_bytes()
        (tmp / name).write_bytes(whole[: len(whole) // 2])
        return tmp / name

    return build


def empty_folder(folder: Path, tmp: Path) -> Path:
    (tmp / "empty").mkdir()
    return tmp / "empty"


def zip_with(entry: zipfile.ZipInfo) -> Callable[[Path, Path], Path]:
    def build(folder: Path, tmp: Path) -> Path:
        with (
            zipfile.ZipFile(zipped(folder, tmp / "work.zip"), "a") as stream,
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")  # zipfile's own, of a name that comes twice
            stream.writestr(entry, "numpy_ann.py")
        return tmp / "work.zip"

    return build


def link_in_zip(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = 0o120777 << 16
    return entry


def tar_bomb(folder: Path, tmp: Path) -> Path:
    """600 MB of zeros before the first file."""
    entry = tarfile.TarInfo("zeros")
    entry.size = 600_000_000
    with gzip.open(tmp / "work.tgz", "wb", compresslevel=1) as stream:
        stream.write(entry.tobuf())
        for _ in range(600):
            stream.write(bytes(1_000_000))
    return tmp / "work.tgz"


def zip_bomb(folder: Path, tmp: Path) -> Path:
    with zipfile.ZipFile(tmp / "work.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as stream:
        for number in range(6):
            stream.writestr(f"{number}.bin", bytes(100_000_000))
    return tmp / "work.zip"


def huge_header(folder: Path, tmp: Path) -> Path:
    """An entry whose name, it says, is a gigabyte long."""
    entry = tarfile.TarInfo("././@LongLink")
    entry.type, entry.size = tarfile.GNUTYPE_LONGNAME, 1 << 30
    with gzip.open(tmp / "work.tgz", "wb") as stream:
        stream.write(entry.tobuf(tarfile.GNU_FORMAT))
    return tmp / "work.tgz"


def slow_header(content: bytes) -> Callable[[Path, Path], Path]:
    def build(folder: Path, tmp: Path) -> Path:
        entry = tarfile.TarInfo("header")
        entry.type, entry.size = tarfile.XHDTYPE, len(content)
        with gzip.open(tmp / "work.tgz", "wb") as stream:
            stream.write(entry.tobuf(tarfile.GNU_FORMAT) + content + bytes(-len(content) % 512))
        return tmp / "work.tgz"

    return build


def crowded(folder: Path, tmp: Path) -> Path:
    with zipfile.ZipFile(tmp / "work.zip", "w") as stream:
        for number in range(10_001):
            stream.writestr(str(number), "")
    return tmp / "work.zip"


REFUSED: dict[str, tuple[Callable[[Path, Path], Path], str]] = {
    "missing": (lambda folder, tmp: tmp / "nothing", "does not exist"),
    "empty folder": (empty_folder, "none of the checklist's files"),
    "empty zip": (empty_zip, "none of the checklist's files"),
    "unknown kind": (file_of("work.rar", b"Rar!"), "of an unknown kind"),
    "no zip": (file_of("work.zip", b"not a zip"), "cannot be read"),
    "no tar": (file_of("work.tgz", b"not a tar"), "cannot be read"),
    "half a zip": (truncated("work.zip"), "cannot be read"),
    "half a tar": (truncated("work.tgz"), "cannot be read"),
    "entry above": (with_entry("../numpy_ann.py"), "path '../numpy_ann.py', expected paths inside"),
    "link": (with_entry("sub/link", tarfile.SYMTYPE), "no regular file ('sub/link')"),
    "hard link": (with_entry("link", tarfile.LNKTYPE), "no regular file ('link')"),
    "device": (with_entry("tty", tarfile.CHRTYPE), "no regular file ('tty')"),
    "pipe": (with_entry("pipe", tarfile.FIFOTYPE), "no regular file ('pipe')"),
    "link in a zip": (zip_with(link_in_zip("link")), "no regular file ('link')"),
    "the same name twice": (
        zip_with(zipfile.ZipInfo("numpy_ann.py")),
        "both 'numpy_ann.py' and 'numpy_ann.py', expected each",
    ),
    "names alike": (
        zip_with(zipfile.ZipInfo("Numpy_ANN.py")),
        "both 'numpy_ann.py' and 'Numpy_ANN.py', expected each",
    ),
    "drive letter": (
        zip_with(zipfile.ZipInfo("C:/numpy_ann.py")),
        "path 'C:/numpy_ann.py', expected paths inside",
    ),
    "backslashes above": (
        zip_with(zipfile.ZipInfo("..\\numpy_ann.py")),
        "path '../numpy_ann.py', expected paths inside",
    ),
    "tar header of digits": (slow_header(b"1" * 60_000), "headers that no archiving program"),
    "tar header of many records": (
        slow_header(b"2 " * 500_000 + b"="),
        "headers that no archiving program",
    ),
    "tar bomb": (tar_bomb, "unpacks to more than 500 MB"),
    "zip that says it is a bomb": (zip_bomb, "unpacks to more than 500 MB"),
    "long name of a gigabyte": (huge_header, "header of 1073741824 bytes"),
    "too many entries": (crowded, "more than 10,000 files"),
    "absolute entry": (with_entry("/numpy_ann.py"), "path '/numpy_ann.py', expected paths inside"),
}


@pytest.mark.parametrize("case", sampled(REFUSED, every=2))
def test_unreadable_submissions_give_one_line(folder: Path, tmp_path: Path, case: str) -> None:
    build, message = REFUSED[case]
    with pytest.raises(SubmissionError) as caught:
        open_submission(build(folder, tmp_path))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
