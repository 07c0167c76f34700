"""One HTML file with a network, some images and the scripts that show both.

It works from a disk and without a connection: its Content-Security-Policy allows nothing to be
loaded or sent. The JavaScript modules are `data:` URLs, which an import map gives their names.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
from functools import lru_cache
from pathlib import Path
from string import Template

import numpy as np

from assignment.files import write_atomically
from inspection.network import InspectedNetwork
from inspection.samples import check_samples

WEB = Path(__file__).parent / "web"
START = 'import "#inspection/standalone.js";'  # the one inline script; all others are modules
ROUNDING = (
    "The weights on this page are rounded to 16 bits, about three decimal places. All"
    " probabilities and accuracies here are those of the rounded weights."
)
LONGEST_NOTE = 2000
PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '$style_hash';
script-src '$map_hash' '$start_hash' data:; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>$title</title>
<style>$style</style>
<script type="importmap">$map</script>
</head>
<body class="inspection-page">
<header>
<h1>$title</h1>
$note<p class="small">$rounding</p>
</header>
<main id="inspection">
<p>This page needs JavaScript and a browser of 2023 or later. Nothing is loaded or sent.</p>
</main>
<script type="application/json" id="network">$network</script>
<script type="text/plain" id="weights">$weights</script>
<script type="text/plain" id="images">$images</script>
<script type="text/plain" id="labels">$labels</script>
<script type="module">$start</script>
</body>
</html>
""")


def page(
    network: InspectedNetwork, images: np.ndarray, labels: np.ndarray, *, note: str = ""
) -> str:
    """The page as HTML, with images uint8 `(n, 784)`, their labels `(n,)`, and a note as plain text.

    Raises ValueError if the images or labels have the wrong type or shape.
    """
    check_samples(images, labels, classes=len(network.class_names))
    style, import_map = _style(), _import_map()
    description = {
        "title": network.title,
        "classNames": network.class_names,
        "flips": network.flips,
        "layers": [
            {"inputs": layer.inputs, "outputs": layer.outputs, "activation": layer.activation}
            for layer in network.layers
        ],
    }
    return PAGE.substitute(
        title=html.escape(network.title),
        note=f"<p>{html.escape(note[:LONGEST_NOTE])}</p>\n" if note else "",
        rounding=ROUNDING,
        style=style,
        style_hash=_digest(style),
        map=import_map,
        map_hash=_digest(import_map),
        start=START,
        start_hash=_digest(START),
        network=json.dumps(description).replace("<", "\\u003c"),  # so that no tag can end it
        weights=_packed(_weights(network)),
        images=_packed(images.tobytes()),
        labels=_packed(labels.astype(np.uint8).tobytes()),
    )


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


@lru_cache(maxsize=1)
def _style() -> str:
    return "".join((WEB / name).read_text() for name in ("page.css", "inspect.css"))


@lru_cache(maxsize=1)
def _import_map() -> str:
    """The modules of web/ by the names that they import each other by."""
    urls = {
        f"#inspection/{path.name}": "data:text/javascript;base64,"
        + base64.b64encode(path.read_bytes()).decode()
        for path in sorted(WEB.glob("*.js"))
    }
    return json.dumps({"imports": urls})


def _digest(text: str) -> str:
    """The source expression of an inline script or style, without its quotes."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
