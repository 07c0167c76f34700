"""Feeds a reader with bytes, for atheris: `python tests/fuzz/fuzz.py TARGET [CORPUS] [options of libFuzzer]`."""

import contextlib
import io
import struct
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["grader", "assignment", "zipfile", "tarfile", "json"]):
    from assignment import notebook_cells as notebooks
    from grader.errors import StudentFault, SubmissionError
    from grader.submission import plot_files as plots
    from grader.submission import reading as submission
    from grader.worker import protocol

FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-"))


def fuzz_protocol(content: bytes) -> None:
    """A header of the right length, which a fuzzer would hardly find, and what comes after it; or the bytes as they are."""
    header, cut, rest = content.partition(b"\0\0\0\0")
    stream = io.BytesIO(struct.pack(">I", len(header)) + header + rest if cut else content)

    def read(count: int) -> bytearray:
        piece = stream.read(count)
        if len(piece) < count:
            raise EOFError
        return bytearray(piece)

    with contextlib.suppress(protocol.ProtocolError, EOFError):
        protocol.unpack(read, 1 << 20)


def fuzz_archives(content: bytes) -> None:
    for name in ("work.zip", "work.tgz"):
        path = FOLDER / name
        path.write_bytes(content)
        with contextlib.suppress(SubmissionError):
            submission.opened(path, {})  # in this process, which is instrumented


def fuzz_notebooks(content: bytes) -> None:
    with contextlib.suppress(notebooks.NotebookError):
        notebooks.script_of_notebook(content)


def fuzz_plots(content: bytes) -> None:
    with contextlib.suppress(StudentFault):
        pixels, _ = plots.read_plot("plot.png", content)
        plots.expect_picture("plot.png", pixels)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "protocol": fuzz_protocol, "archives": fuzz_archives, "notebooks": fuzz_notebooks, "plots": fuzz_plots,
}  # fmt: skip

if __name__ == "__main__":
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
