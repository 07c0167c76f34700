"""Archives of a folder."""

import tarfile
import zipfile
from pathlib import Path


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
