"""One HTML file with a network, some images and the scripts that show both."""

from __future__ import annotations

import base64
import gzip
import json
from functools import lru_cache
from pathlib import Path

import numpy as np

from assignment.files import write_atomically
from inspection.network import InspectedNetwork
from inspection.one_file import WEB, Paragraph, Scripts, modules_of, one_file
from inspection.samples import check_samples

ROUNDING = (
    "The weights on this page are rounded to 16 bits, about three decimal places. All"
    " probabilities and accuracies here are those of the rounded weights."
)
LONGEST_NOTE = 2000
SCRIPTS = Scripts(
    modules_of(WEB, "#inspection/"),
    (WEB / "page.css", WEB / "inspect.css"),
    "#inspection/standalone.js",
    main="inspection",
)


def page(
    network: InspectedNetwork, images: np.ndarray, labels: np.ndarray, *, note: str = ""
) -> str:
    """The page as HTML, with images uint8 `(n, 784)`, their labels `(n,)`, and a note as plain text.

    Raises ValueError if the images or labels have the wrong type or shape.
    """
    check_samples(images, labels, classes=len(network.class_names))
    description = {
        "title": network.title,
        "classNames": network.class_names,
        "flips": network.flips,
        "layers": [
            {"inputs": layer.inputs, "outputs": layer.outputs, "activation": layer.activation}
            for layer in network.layers
        ],
    }
    noted = (Paragraph(note[:LONGEST_NOTE]),) if note else ()
    data = {
        "network": json.dumps(description),
        "weights": _packed(_weights(network)),
        "images": _packed(images.tobytes()),
        "labels": _packed(labels.astype(np.uint8).tobytes()),
    }
    return one_file(network.title, (*noted, Paragraph(ROUNDING, small=True)), data, SCRIPTS)


def write_page(
    path: Path,
    network: InspectedNetwork,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    note: str = "",
) -> None:
    """Write `page(…)` to a file, completely or not at all. Raises ValueError or OSError."""
    text = page(network, images, labels, note=note)
    write_atomically(path, text.encode("utf-8", "replace"))


def _weights(network: InspectedNetwork) -> bytes:
    """Every layer's W, row by row, then its b, as little-endian 16-bit floats."""
    arrays = [array for layer in network.layers for array in (layer.W, layer.b)]
    return b"".join(array.astype("<f2").tobytes() for array in arrays)


@lru_cache(maxsize=4)  # all pages of a class share their images
def _packed(content: bytes) -> str:
    """Bytes as base64 of their gzip, which is the same text every time."""
    return base64.b64encode(gzip.compress(content, mtime=0)).decode()
