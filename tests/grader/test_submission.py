"""Opening submissions: every form that is accepted, and one line for every form that is not."""

import gzip
import io
import os
import shutil
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.errors import SubmissionError
from grader.handout.notebooks import notebook
from grader.handout.stubs import reference_source, solved
from grader.submission.reading import CHECKLIST, MAX_SCRIPT, open_submission
from tests.support import write_submission


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_submission(tmp_path / "ada")


def zipped(folder: Path, archive: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(archive, "w") as stream:
        for path in sorted(folder.iterdir()):
            stream.write(path, prefix + path.name)
    return archive


def tarred(folder: Path, archive: Path, prefix: str = "") -> Path:
    with tarfile.open(archive, "w:gz") as stream:
        for path in sorted(folder.iterdir()):
            stream.add(path, prefix + path.name)
    return archive


FORMS: dict[str, Callable[[Path, Path], Path]] = {
    "folder": lambda folder, tmp: folder,
    "folder, two down": lambda folder, tmp: Path(
        shutil.copytree(folder, tmp / "a" / "b" / "c")
    ).parents[1],
    "zip": lambda folder, tmp: zipped(folder, tmp / "work.zip"),
    "ZIP": lambda folder, tmp: zipped(folder, tmp / "work.ZIP"),
    "zip, one down": lambda folder, tmp: zipped(folder, tmp / "work.zip", "ada-lovelace/"),
    "zip, with a dot": lambda folder, tmp: zipped(folder, tmp / "work.zip", "./"),
    "tar.gz": lambda folder, tmp: tarred(folder, tmp / "work.tar.gz"),
    "TGZ, one down": lambda folder, tmp: tarred(folder, tmp / "work.TGZ", "ada/"),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_five_files(folder: Path, tmp_path: Path, form: str) -> None:
    taken = open_submission(FORMS[form](folder, tmp_path))
    assert taken.missing == []
    assert taken.problems == {}
    for name, source in taken.scripts.items():
        assert source == (folder / f"{name}.py").read_bytes()
    for name, content in taken.plots.items():
        assert content == (folder / f"{name}_train_val_metrics.png").read_bytes()


def test_rubbish_of_operating_systems_is_ignored(folder: Path, tmp_path: Path) -> None:
    archive = zipped(folder, tmp_path / "work.zip", "ada/")
    with zipfile.ZipFile(archive, "a") as stream:
        stream.writestr("__MACOSX/ada/._numpy_ann.py", "x")
        stream.writestr("__MACOSX/ada/numpy_ann.py", "x")
        stream.writestr("ada/.DS_Store", "x")
        stream.writestr("ada/__pycache__/numpy_ann.cpython-311.pyc", "x")
        stream.writestr("ada/utils.py", "raise SystemExit")
        stream.writestr("ada/weights.npz", "x")
    assert open_submission(archive).missing == []


def test_two_places_are_refused_by_name(folder: Path, tmp_path: Path) -> None:
    both = tmp_path / "both"
    shutil.copytree(folder, both / "final")
    shutil.copytree(folder, both / "old")
    with pytest.raises(
        SubmissionError, match=r"more than one place \(final/, old/\), expected one"
    ):
        open_submission(both)
    shutil.copytree(folder, both, dirs_exist_ok=True)
    with pytest.raises(SubmissionError, match=r"\(final/, old/, the top\)"):
        open_submission(both)


def test_a_missing_script_is_listed(folder: Path) -> None:
    (folder / "pytorch_cnn.py").unlink()
    assert open_submission(folder).missing == ["pytorch_cnn.py"]


def test_notebooks_count_as_scripts(folder: Path) -> None:
    for name in ("numpy_ann", "pytorch_ann", "pytorch_cnn"):
        (folder / f"{name}.py").unlink()
        (folder / f"{name}.ipynb").write_text(
            notebook(solved(reference_source(name), f"{name}.py"))
        )
    taken = open_submission(folder)
    assert taken.missing == []
    assert b"def relu" in taken.scripts["numpy_ann"]


def test_of_a_stub_and_a_written_notebook_the_notebook_counts(folder: Path) -> None:
    written = solved(reference_source("numpy_ann"), "numpy_ann.py")
    (folder / "numpy_ann.ipynb").write_text(notebook(written))
    assert open_submission(folder).problems == {
        "numpy_ann.ipynb": "is ignored, because numpy_ann.py is there too"
    }
    (folder / "numpy_ann.py").write_text(
        'def relu(z):\n    raise NotImplementedError("TODO 1.2")\n'
    )
    assert open_submission(folder).problems == {
        "numpy_ann.py": "is ignored, because numpy_ann.ipynb is there too"
    }


def test_an_oversized_script_is_not_taken(folder: Path) -> None:
    (folder / "numpy_ann.py").write_text("#" * (MAX_SCRIPT + 1))
    taken = open_submission(folder)
    assert taken.missing == ["numpy_ann.py"]
    assert "larger than 200 kB" in taken.problems["numpy_ann.py"]
    (folder / "numpy_ann.py").write_text("#" * MAX_SCRIPT)
    assert open_submission(folder).missing == []


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_only_regular_files_are_opened(folder: Path, tmp_path: Path, kind: str) -> None:
    target = folder / "numpy_ann.py"
    target.unlink()
    if kind == "link":
        target.symlink_to("/etc/hostname")
    elif kind == "pipe":
        os.mkfifo(target)
    else:
        target.mkdir()
    assert open_submission(folder).missing == ["numpy_ann.py"]


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
    "tar header of digits": (slow_header(b"1" * 60_000), "headers that no program"),
    "tar header of many records": (slow_header(b"2 " * 500_000 + b"="), "headers that no program"),
    "tar bomb": (tar_bomb, "unpacks to more than 500 MB"),
    "zip that says it is a bomb": (zip_bomb, "unpacks to more than 500 MB"),
    "long name of a gigabyte": (huge_header, "header of 1073741824 bytes"),
    "too many entries": (crowded, "more than 10000 files"),
    "absolute entry": (with_entry("/numpy_ann.py"), "path '/numpy_ann.py', expected paths inside"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_unreadable_submissions_give_one_line(folder: Path, tmp_path: Path, case: str) -> None:
    build, message = REFUSED[case]
    with pytest.raises(SubmissionError) as caught:
        open_submission(build(folder, tmp_path))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_checklist_names_five_files() -> None:
    assert len(CHECKLIST) == 5
