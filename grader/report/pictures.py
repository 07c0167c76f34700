"""Pictures as data URIs for the pages: test images by index, and submitted plots, encoded again."""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.Image import Dither, Quantize, Resampling

from assignment.data import IDX_FILES, DataError, read_idx
from grader.errors import StudentFault
from grader.submission.plot_files import decode

WIDEST = 1000  # pixels of a submitted plot in a page; the scripts' own are as wide: no resizing
TALLEST = 900
COMPRESSION = 3  # of 9: takes half of zlib's usual time, for a quarter more bytes


@lru_cache(maxsize=64)  # of a team, or a class that copied
def submitted_plot(name: str, content: bytes) -> str:
    """A submitted plot as a data URI. Raises StudentFault `plot-not-png`.

    The picture is encoded again, so that nothing else of the file is kept.
    """
    picture, _ = decode(name, content)
    picture.thumbnail((WIDEST, TALLEST), Resampling.BILINEAR)
    stream = io.BytesIO()
    # a plot has few colours: this takes a third of the size
    few = picture.quantize(64, Quantize.FASTOCTREE, dither=Dither.NONE)
    few.save(stream, "PNG", compress_level=COMPRESSION)
    return _uri(stream.getvalue())


class OfficialImages:
    """The official test images, read on first use."""

    def __init__(self, data_dir: Path | None = None):
        self._data_dir = data_dir
        self._images: np.ndarray | None = None
        self._missing = False
        self.uri = lru_cache(maxsize=10_000)(self._uri_of)

    def _uri_of(self, number: int) -> str:
        """An image as a data URI; "" if the data is not available."""
        if self._images is None and not self._missing:
            try:
                self._images = read_idx(IDX_FILES["FashionMNIST"][2], self._data_dir)
            except DataError:
                self._missing = True
        if self._images is None or not 0 <= number < len(self._images):
            return ""
        stream = io.BytesIO()
        Image.fromarray(np.asarray(self._images[number])).save(stream, "PNG")
        return _uri(stream.getvalue())


def plot_or_reason(name: str, content: bytes) -> tuple[str, str]:
    """A submitted plot as a data URI, and the reason if there is none; one of the two is empty."""
    try:
        return submitted_plot(name, content), ""
    except StudentFault as fault:
        return "", str(fault)


def _uri(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
