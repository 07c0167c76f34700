"""The page as a file: what is in it, what may not be, and what JavaScript computes from it."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from inspection.network import PIXELS, InspectedNetwork
from inspection.page import page, write_page
from inspection.samples import Samples, first_test_images
from tests.inspection.support import random_network
from tests.support import ROOT

HOSTILE = "</script><script>alert(1)</script><!--{{7*7}}$title"
NODE = shutil.which("node")


@pytest.fixture(scope="module")
def samples() -> Samples:
    return first_test_images()


def packed(text: str, name: str) -> bytes:
    """The bytes of one data block of a page."""
    match = re.search(rf'id="{name}">([^<]*)<', text)
    assert match
    return gzip.decompress(base64.b64decode(match[1]))


def test_weights_and_images_come_back(samples: Samples) -> None:
    network = random_network(7, 5, flips=True)
    text = page(network, *samples)
    numbers = np.frombuffer(packed(text, "weights"), "<f2")
    arrays = [a.ravel() for layer in network.rounded().layers for a in (layer.W, layer.b)]
    np.testing.assert_array_equal(numbers, np.concatenate(arrays))
    assert packed(text, "images") == samples.images.tobytes()
    assert packed(text, "labels") == samples.labels.tobytes()
    description = json.loads(text.partition('id="network">')[2].partition("<")[0])
    assert description["flips"]
    assert [layer["outputs"] for layer in description["layers"]] == [7, 5, 10]


def test_a_page_of_128_units_is_below_one_megabyte(samples: Samples, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_page(path, random_network(128), *samples)
    assert path.stat().st_size < 1_000_000


def test_nothing_can_be_loaded_or_sent(samples: Samples) -> None:
    text = page(random_network(3), *samples)
    assert "default-src 'none'" in text
    assert not re.search(r"(src|href)=\"(?!data:)", text)
    modules = json.loads(text.partition('"importmap">')[2].partition("</script>")[0])["imports"]
    for url in modules.values():
        code = base64.b64decode(url.partition("base64,")[2]).decode()
        assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|eval)\b|https?:", code)
        assert set(re.findall(r'from "(.*?)"', code)) <= modules.keys()


def test_words_never_become_markup(samples: Samples) -> None:
    network = random_network(3, title=HOSTILE)
    names = (HOSTILE, *network.class_names[1:])
    hostile = InspectedNetwork(HOSTILE, network.layers, names)
    text = page(hostile, *samples, note=HOSTILE + "\ud800")
    assert "<script>alert" not in text
    plain = page(random_network(3), *samples, note="a note")
    assert text.count("<") == plain.count("<")
    assert json.loads(text.partition('id="network">')[2].partition("<")[0])["title"] == HOSTILE


def test_note_may_hold_any_character(samples: Samples, tmp_path: Path) -> None:
    write_page(tmp_path / "page.html", random_network(3), *samples, note="Émilie \ud800")
    assert "Émilie ?" in (tmp_path / "page.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((2, PIXELS)), np.zeros(2, int), "images are float64"),
        (np.zeros((2, 28, 28), np.uint8), np.zeros(2, int), r"uint8 \(2, 28, 28\) for 2 labels"),
        (np.zeros((2, PIXELS), np.uint8), np.zeros(3, int), "for 3 labels"),
        (np.zeros((0, PIXELS), np.uint8), np.zeros(0, int), "n of 1 to 10000"),
        (np.zeros((2, PIXELS), np.uint8), np.zeros(2), "labels are float64"),
        (np.zeros((2, PIXELS), np.uint8), np.array([0, 10]), "0 to 10, expected 0 to 9"),
    ],
)
def test_wrong_samples_are_refused(images: np.ndarray, labels: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        page(random_network(3), images, labels)


@pytest.mark.skipif(NODE is None, reason="no node (apt install nodejs)")
@pytest.mark.parametrize(
    "network",
    [
        random_network(128),
        random_network(40, 30, activation="tanh", flips=True),
        random_network(50, activation="sigmoid", output="sigmoid"),
        random_network(),
    ],
    ids=["relu", "tanh-flips", "sigmoids", "no-hidden-layer"],
)
def test_javascript_gives_the_probabilities_of_numpy(
    network: InspectedNetwork, samples: Samples, tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    write_page(path, network, *samples)
    run = subprocess.run(
        [str(NODE), "tests/web/run_forward.js", str(path)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    got = np.frombuffer(run.stdout).reshape(1000, 10)
    np.testing.assert_allclose(got, network.rounded().probabilities(samples.images), atol=1e-5)
