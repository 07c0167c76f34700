"""How many trainable parameters does the network have, or all its layers of one kind?"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from math import prod

import numpy as np

from assignment.questions.drafting import Draft
from grader.questions.own_layers import Layer, Network, creating, network_of
from grader.questions.spread import Wrong, spread
from grader.questions.subject import Subject

KINDS = {"Conv2d": "convolutions", "Linear": "linear layers"}
HIDDEN = np.arange(24, 401, 8)  # sizes to ask about
HOW = "the parameters of a new network were counted"


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """Questions about the network as it is, about a kind of layer, and about other sizes."""
    network = network_of(subject)
    code = creating(subject, network)
    others = tuple(spread(network.trainable, _mistaken(network), rng))
    yield Draft(
        text="How many trainable parameters does your network have?",
        key=f"{network.trainable:,}",
        others=others,
        why=_why(network),
        code=code,
        evidence={"how": HOW, "biases": sum(one.biases for one in network.layers)},
    )
    for kind, in_words in KINDS.items():
        some = [one for one in network.layers if one.kind == kind]
        part = Network(sum(one.count for one in some), tuple(some))
        if len(some) < 2:
            continue
        yield Draft(
            text=f"How many trainable parameters do the {in_words} of your network have together?",
            key=f"{part.trainable:,}",
            others=spread(
                part.trainable,
                [*_mistaken(part), Wrong(network.trainable, "the question was about all layers")],
                rng,
            ),
            why=_why(part),
            code=code,
            evidence={"how": HOW, "kind": kind},
        )
    if subject.name == "pytorch_ann":
        yield from _other_sizes(subject, network, rng)


def _other_sizes(subject: Subject, own: Network, rng: np.random.Generator) -> Iterator[Draft]:
    """Questions about the same network with another HIDDEN_SIZE."""
    size = subject.whole("HIDDEN_SIZE")
    for hidden in rng.permutation(HIDDEN)[:2]:
        if hidden == size:
            continue
        subject.module.HIDDEN_SIZE = int(hidden)
        try:
            network = network_of(subject)
        finally:
            with contextlib.suppress(Exception):  # the worker may have ended
                subject.module.HIDDEN_SIZE = size
        if network.trainable == own.trainable:
            return
        by_share = own.trainable * int(hidden) // size
        yield Draft(
            text=f"If HIDDEN_SIZE were {hidden} and nothing else were changed: how many trainable "
            "parameters would your network have?",
            key=f"{network.trainable:,}",
            others=spread(
                network.trainable,
                [
                    *_mistaken(network),
                    Wrong(own.trainable, "HIDDEN_SIZE did not change the number"),
                    Wrong(by_share, "the number grew in proportion to HIDDEN_SIZE"),
                ],
                rng,
            ),
            why=_why(network),
            code=creating(subject, network),
            evidence={"how": HOW, "HIDDEN_SIZE": int(hidden)},
            balance="other size",
        )


def _why(network: Network) -> str:
    counted = [one for one in network.layers if one.count]
    terms = " + ".join(f"{one.count:,}" for one in counted)
    rest = network.trainable - sum(one.count for one in counted)
    more = f" and {rest:,} outside of layers" if rest else ""
    if len(counted) > 8:
        return f"The network was created and its parameters were counted, in {len(counted)} layers."
    return f"Layer by layer, in the order of creation: {terms}{more}, weights and biases."


def _mistaken(network: Network) -> Iterator[Wrong]:
    """The numbers that known misunderstandings lead to."""
    total, layers = network.trainable, network.layers
    maps = [one for one in layers if one.is_map]
    without = total - sum(one.biases for one in maps)
    per_input = sum(one.weight[1] for one in maps if one.biases)
    yield Wrong(without, "biases were not trained")
    yield Wrong(without + per_input, "a layer had one bias for each of its inputs")
    yield Wrong(2 * total, "each gradient was a parameter too")
    yield Wrong(3 * total, "the two averages that Adam keeps for each parameter were parameters")
    yield Wrong(total + sum(one.buffers for one in layers), "running statistics were trained")
    yield Wrong(
        total - sum(one.count for one in layers if not one.is_map),
        "only linear layers and convolutions had trainable parameters",
    )
    yield Wrong(
        total + sum(_per_pixel(one) - one.count for one in maps),
        "a convolution had weights of its own for each pixel of its output",
    )
    yield Wrong(
        total + sum(prod(one.output[1:]) for one in _activations(layers)),
        "each activation and dropout layer had a parameter for each of its values",
    )
    for one in sorted(maps, key=lambda layer: layer.count)[-3:]:
        yield Wrong(total - one.count, f"the layer {one.path} had no trainable parameters")
        yield Wrong(total + one.count, f"the layer {one.path} was there twice")


def _per_pixel(layer: Layer) -> int:
    """The parameters of a convolution that shares none; the same number for a linear layer."""
    return layer.count * (prod(layer.output[2:]) if len(layer.output) == 4 else 1)


def _activations(layers: Sequence[Layer]) -> list[Layer]:
    return [one for one in layers if one.output and not one.parameters and not one.buffers]
