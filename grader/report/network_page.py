"""The page with a look inside a student's network of part 1, from the weights that marking kept."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from assignment.data import DataError
from assignment.files import can_be_written, write_atomically
from grader.report.text import plain
from grader.training.fitted_network import FittedNetwork
from inspection.network import InspectedNetwork, Layer
from inspection.page import page
from inspection.samples import Samples, first_test_images
from utils import CLASS_NAMES

SCRIPT = "numpy_ann"  # the only one whose network is kept


class NetworkPages:
    """Makes the pages of a class, which share their images: the first official test images."""

    def __init__(self, data_dir: Path | None = None):
        self._data_dir = data_dir

    @cached_property
    def _samples(self) -> Samples | None:
        """The images; None if the data is not available."""
        try:
            return first_test_images(self._data_dir)
        except DataError:
            return None

    def page(self, network: FittedNetwork, name: str) -> bytes | None:
        """The page of a network whose student is called `name`; None without images to show."""
        if self._samples is None:
            return None
        W1, b1, W2, b2 = network.arrays
        layers = (Layer(W1, b1, "relu"), Layer(W2, b2, "softmax"))
        shown = InspectedNetwork(f"{plain(name)}: inside the network", layers, CLASS_NAMES)
        return page(shown, *self._samples, note=_note(network)).encode("utf-8", "replace")


def _note(network: FittedNetwork) -> str:
    return (
        f"Marking trained this network with numpy_ann.py: {network.units} hidden units. Computed "
        "from its weights alone, without the script's own predict, it gives the class that predict "
        f"gave during marking for {100 * network.agreement:.1f} % of the 10,000 test images."
    )


def beside(student_page: Path) -> Path | None:
    """Where the page goes: `report-network.html` beside `report.html`.

    None if that cannot be written, or where the student page goes to a device, a pipe or a link.
    """
    if student_page.is_symlink() or (student_page.exists() and not student_page.is_file()):
        return None
    path = student_page.with_name(f"{student_page.stem}-network.html")
    return path if can_be_written(path) else None


def write_beside(
    network: FittedNetwork, name: str, student_page: Path, data_dir: Path | None
) -> str:
    """Write the page beside a student's page; returns its file's name, "" if there is none."""
    path = beside(student_page)
    content = None if path is None else NetworkPages(data_dir).page(network, name)
    if path is None or content is None:
        return ""
    write_atomically(path, content)
    return path.name
