"""`python -m playground inspect FILE --out PAGE`: a page to look inside a saved network."""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

from inspection.network import InspectedNetwork, Layer
from inspection.page import write_page
from inspection.samples import COUNT
from playground import command_line, storage
from playground.errors import PlaygroundError
from playground.layers import ACTIVATIONS, Dropout, Linear
from playground.network import Network

# how each loss turns logits into probabilities
OUTPUTS = {
    "cross-entropy": "softmax",
    "squared-error-softmax": "softmax",
    "squared-error-sigmoid": "sigmoid",
}


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    command_line.set_up(parser, _inspect)
    parser.add_argument(
        "network", type=Path, metavar="FILE", help="an .npz from train --save, with 784 inputs"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("network.html"),
        metavar="FILE",
        help="the page, one .html file (default: network.html)",
    )
    command_line.add_csv(parser)


def inspected(network: Network, title: str, class_names: tuple[str, ...]) -> InspectedNetwork:
    """The network as a page shows it: dropout, which prediction does without, is left out.

    Raises PlaygroundError if the page cannot show it.
    """
    settings, layers = network.configuration, list[Layer]()
    activations = {kind: name for name, kind in ACTIVATIONS.items()}
    shown = [layer for layer in network.layers if not isinstance(layer, Dropout)]
    try:
        for layer, after in itertools.zip_longest(shown[::2], shown[1::2]):
            if not isinstance(layer, Linear) or type(after) not in (*activations, type(None)):
                raise ValueError("expected linear layers with an activation between them")
            activation = activations[type(after)] if after else OUTPUTS[settings.loss]
            layers.append(Layer(layer.W, layer.b, activation))
        if after:
            raise ValueError(f"expected a linear layer at the end, not {after!r}")
        return InspectedNetwork(title, tuple(layers), class_names, flips=settings.flips)
    except ValueError as error:
        raise PlaygroundError(f"this network cannot be shown: {error}") from None


def _inspect(options: argparse.Namespace) -> None:
    command_line.check_writable(options.out, [".html"])
    network = storage.load(options.network)
    dataset = command_line.load_dataset(options)
    title = f"{options.network.stem}: {'-'.join(map(str, network.sizes))}"
    shown = inspected(network, title, dataset.class_names)
    images, labels = dataset.X_test[:COUNT], dataset.y_test[:COUNT]
    write_page(
        options.out, shown, images, labels, note=_note(network, command_line.source_of(options))
    )
    accuracy = float((shown.rounded().predict(images) == labels).mean())
    size = options.out.stat().st_size / 1e6
    print(f"Accuracy of the rounded weights on {len(labels):,} test images: {accuracy:.2%}")
    print(f"Page: {options.out} ({size:.2f} MB)")


def _note(network: Network, source: str) -> str:
    settings = network.configuration
    return (
        f"A network of the playground for {source}: {settings.activation}, {settings.loss},"
        f" {settings.optimizer}, {settings.epochs} epochs."
    )
