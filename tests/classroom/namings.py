"""A class of submissions as they really come: names, forms, encodings, left-overs, other files.

`python -m tests.classroom.namings [SECTIONS]` marks it with `batch`, without training, and prints
what each earned and what was said about it.
"""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from grader.handout.notebooks import notebook
from grader.handout.stubs import reference_source, solved
from grader.sections import SCRIPTS
from tests.support import PLOTS, ROOT, write_submission

STUBS = {f"{name}.py": (ROOT / f"{name}.py").read_bytes() for name in SCRIPTS}
Files = dict[str, bytes]


def whole() -> Files:
    """The five files, as bytes."""
    with tempfile.TemporaryDirectory() as folder:
        return {p.name: p.read_bytes() for p in write_submission(Path(folder) / "a").iterdir()}


def renamed(change: Callable[[str], str], ends: str = "") -> Files:
    return {change(name) if name.endswith(ends) else name: c for name, c in WHOLE.items()}


def stem(change: Callable[[str], str], ends: str = "") -> Files:
    return renamed(lambda name: change(Path(name).stem) + Path(name).suffix, ends)


def recoded(change: Callable[[str], bytes]) -> Files:
    return {n: change(c.decode()) if n.endswith(".py") else c for n, c in WHOLE.items()}


def with_code(code: str, script: str = "numpy_ann", *, at: str = "import numpy as np") -> Files:
    """The five with code before the first import of a script, or at its end."""
    source = WHOLE[f"{script}.py"].decode()
    source = source.replace(at, f"{code}\n{at}", 1) if at else source + code
    return WHOLE | {f"{script}.py": source.encode()}


def book(*cells: str) -> bytes:
    """A notebook with these code cells."""
    listed = [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None,
               "source": cell} for cell in cells]  # fmt: skip
    return json.dumps(
        {"cells": listed, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False
    ).encode()


def as_notebooks(change: Callable[[str], str] = lambda source: source) -> Files:
    """Three notebooks and two plots."""
    books = {
        f"{n}.ipynb": notebook(change(solved(reference_source(n), f"{n}.py"))).encode()
        for n in SCRIPTS
    }
    return books | {plot: WHOLE[plot] for plot in PLOTS}


def one_notebook(*scratch: str) -> Files:
    """Everything in one notebook, with more cells between the parts."""
    cells = []
    for name in SCRIPTS:
        source = WHOLE[f"{name}.py"].decode().replace("sys.exit(main())", "main([])")
        cells += [source.replace("from __future__ import annotations\n", ""), *scratch]
    return {"Assignment 2.ipynb": book(*cells)} | {plot: WHOLE[plot] for plot in PLOTS}


def zipped(files: Files, prefix: str = "") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(prefix + name, content)
    return stream.getvalue()


def tarred(files: Files, prefix: str = "") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(prefix + name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def below(prefix: str, files: Files) -> Files:
    return {prefix + name: content for name, content in files.items()}


WHOLE = whole()
UNUSUAL = "# a\u2028b\x85c\x0cd\x1ce\nTEXT = 'x\u2028y\x85z\x0cw\u2029v\x1du'\n"
COLAB = """from google.colab import drive, files
drive.mount('/content/drive')
import os
os.chdir('/content/drive/MyDrive/ann')
"""
COLAB_TRIED = """import sys
try:
    from google.colab import drive
    drive.mount('/content/drive')
    IN_COLAB = True
except ImportError:
    IN_COLAB = False
if "google.colab" in sys.modules:
    from google.colab import files
    files.upload()
"""
SCRATCH = "import pandas as pd\ndf = pd.DataFrame({'a': [1]})\ndf.head()\ndisplay(df)"
LIBRARY = {"bin/python": b"", "pyvenv.cfg": b"", "lib/numpy_ann.py": b"x = 1\n"}

# what each handed in: the files of a folder, or one archive
CLASS: dict[str, Files] = {
    "plain": WHOLE,
    "zip": {"zip.zip": zipped(WHOLE)},
    "tgz two down": {"tgz two down.tgz": tarred(WHOLE, "hand-in/final/")},
    "two down": below("a/b/", WHOLE),
    "macos zip": {"macos zip.zip": zipped(WHOLE | below("__MACOSX/", WHOLE) | {".DS_Store": b""})},
    "(1)": stem(lambda name: f"{name} (1)"),
    "-1": stem(lambda name: f"{name}-1"),
    "final": stem(lambda name: f"{name}_final"),
    "case": {name.replace("numpy_ann", "Numpy_ANN").replace("pytorch_ann.py", "PyTorch_ANN.PY")
             : content for name, content in WHOLE.items()},
    "dashes": renamed(lambda name: name.replace("_", "-"), ".py"),
    "spaces": renamed(lambda name: name.replace("_", " "), ".py"),
    "plots (2)": stem(lambda name: f"{name} (2)", ".png"),
    "copies of notebooks": below("Copy of ", as_notebooks()),
    "many at once": stem(lambda name: f"Copy of {name.upper()}-final (3)"),
    "notebooks": as_notebooks(),
    "notebooks beside stubs": as_notebooks() | STUBS,
    "stub notebooks beside": WHOLE | {f"{n}.ipynb": book(STUBS[f"{n}.py"].decode()) for n in SCRIPTS},
    "comment": with_code('# raise NotImplementedError("TODO 1.2")\n' * 9)
    | {"numpy_ann.ipynb": book(STUBS["numpy_ann.py"].decode())},
    "below the return": with_code('\n\ndef left(z):\n    return z\n    raise NotImplementedError('
                                  '"TODO 1.2: relu")\n' * 9, at="")
    | {"numpy_ann.ipynb": book(STUBS["numpy_ann.py"].decode())},
    "zip in zip": {"zip in zip.zip": zipped({"submission.zip": zipped(WHOLE), "notes.txt": b""})},
    "zip in folder": {"submission.zip": zipped(WHOLE, "me/")},
    "tgz in zip": {"tgz in zip.zip": zipped({"a/work.tar.gz": tarred(WHOLE)})},
    "one notebook": one_notebook(),
    "one notebook, scratch": one_notebook("%matplotlib inline\n" + COLAB, SCRATCH),
    "colab": with_code(COLAB) | with_code(COLAB, "pytorch_cnn", at="import torch"),
    "colab tried": with_code(COLAB_TRIED),
    "colab notebooks": as_notebooks(lambda source: COLAB + "!pip install torch\n" + source),
    "exported": with_code("get_ipython().run_line_magic('matplotlib', 'inline')"),
    "scratch cells": as_notebooks(lambda source: source + f"\n# %%\n{SCRATCH}\n"),
    "matplotlib": with_code("import matplotlib.pyplot as plt\nfigure, axes = plt.subplots()\n"
                            "axes.plot([1, 2])\nplt.close()"),
    "torch, not used": with_code("import torch\nimport torch.nn as nn"),
    "tqdm": with_code("from tqdm import tqdm\nfor _ in tqdm([1]):\n    pass", "pytorch_ann",
                      at="import torch"),
    "cupy tried": with_code("try:\n    import cupy as np\nexcept ImportError:\n    import numpy as np"),
    "bom": recoded(lambda source: b"\xef\xbb\xbf" + source.encode()),
    "utf-16": recoded(lambda source: source.encode("utf-16")),
    "utf-16-be": recoded(lambda source: b"\xfe\xff" + source.encode("utf-16-be")),
    "latin-1": recoded(lambda s: "# coding: latin-1\n# café\n".encode("latin-1")
                       + s.encode("latin-1", "replace")),
    "crlf": recoded(lambda source: source.replace("\n", "\r\n").encode()),
    "cr": recoded(lambda source: source.replace("\n", "\r").encode()),
    "lines of unicode": with_code(UNUSUAL),
    "lines of unicode in notebooks": WHOLE
    | {f"{n}.py": STUBS[f"{n}.py"] for n in SCRIPTS}
    | {f"{n}.ipynb": book(UNUSUAL, WHOLE[f"{n}.py"].decode()) for n in SCRIPTS},
    "large and old": WHOLE | {"data.bin": bytes(30_000_000), "old/numpy_ann.py": STUBS["numpy_ann.py"],
                              "old/pytorch_ann.py": STUBS["pytorch_ann.py"]},
    "many files": WHOLE | {f"pictures/{number}.txt": b"x" for number in range(300)},
    "caches": WHOLE | below(".git/", WHOLE) | below(".venv/", LIBRARY) | below("env/", LIBRARY)
    | below("__pycache__/", WHOLE) | below(".ipynb_checkpoints/", WHOLE),
    "environment in a zip": {"environment in a zip.zip": zipped(WHOLE | below("env/", LIBRARY))},
}  # fmt: skip
# sections that are lost, because the contract says so
LOST = {"one notebook": ["0.1"], "one notebook, scratch": ["0.1"]}


def write_namings(folder: Path) -> Path:
    """The class as a folder: one folder or archive for each student."""
    for name, files in CLASS.items():
        is_archive = len(files) == 1 and next(iter(files)).startswith(name)
        for path, content in files.items():
            target = folder / path if is_archive else folder / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    return folder


def mark_class(folder: Path, gradebook: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Mark it with `batch`."""
    command = [sys.executable, "-P", "-m", "grader", "batch", str(folder)]
    return subprocess.run(
        [*command, f"--gradebook={gradebook}", "--seed=1", *options],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip


def lost(gradebook: Path) -> dict[str, dict[str, str]]:
    """The sections that each student lost, with what was said."""
    connection = sqlite3.connect(f"file:{gradebook}?mode=ro", uri=True)
    rows = connection.execute(
        "select attempts.student, results.number, results.status, results.result from attempts "
        "join marks on marks.work = attempts.work join results on results.id = marks.result"
    ).fetchall()
    connection.close()
    found: dict[str, dict[str, str]] = {student: {} for student, *_ in rows}
    for student, number, status, result in rows:
        verdict = json.loads(result)["verdict"]
        if status != "passed":
            found[student][number] = verdict["got"]
        elif number == "0.1" and verdict["notes"]:
            found[student]["said"] = " ".join(verdict["notes"])
    return found


def main(sections: str) -> None:
    """Mark the class, and print a table."""
    place = Path(tempfile.mkdtemp())
    try:
        folder = write_namings(place / "class")
        ran = mark_class(folder, place / "grades.db", "--skip-training", f"--sections={sections}")
        print(ran.stdout, ran.stderr.splitlines()[-1], f"status {ran.returncode}\n")
        for student, said in sorted(lost(place / "grades.db").items()):
            note = said.pop("said", "")
            print(f"| {student} | {', '.join(said) or '-'} | {' '.join(said.values()) or note} |")
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "0.1,1.2,1.6,2.2,3.2")
