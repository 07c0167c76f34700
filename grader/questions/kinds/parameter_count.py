"""How many trainable parameters does the network have, or all its layers of one kind?"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from assignment.questions.drafting import Choice, Draft
from assignment.questions.question import Code
from grader.questions.own_layers import Layer, Network, creating, network_of
from grader.questions.spread import two_by_two
from grader.questions.subject import Subject

KINDS = {"Conv2d": "convolutions", "Linear": "linear layers"}
HIDDEN = np.arange(24, 401, 8)  # sizes to ask about
FEWEST, DRAWN = 4, 8  # layers with parameters, and groups of them that are compared
HOW = "the parameters of a new network were counted"


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """Questions about the network as it is, about a kind of layer, and about other sizes."""
    network = network_of(subject)
    code = creating(subject, network)
    others = _others(network, rng)
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
            others=_others(part, rng, *(one for one in network.layers if one.kind != kind)),
            why=_why(part),
            code=code,
            evidence={"how": HOW, "kind": kind},
        )
    yield from _some_layers(network, code, rng)
    if subject.name == "pytorch_ann":
        yield from _other_sizes(subject, network, rng)


def _some_layers(network: Network, code: Code | None, rng: np.random.Generator) -> Iterator[Draft]:
    """A question about some layers; the wrong options are the numbers of as many others."""
    counted = [one for one in network.layers if one.count]
    if len(counted) < FEWEST:
        return
    asked = int(rng.integers(2, len(counted) - 1))
    groups: dict[int, list[Layer]] = {}
    for _ in range(DRAWN):
        drawn = [counted[i] for i in sorted(rng.permutation(len(counted))[:asked])]
        groups.setdefault(sum(one.count for one in drawn), drawn)
    (key, group), *others = groups.items()
    yield Draft(
        text=f"How many trainable parameters do your layers {_names(group)} have together?",
        key=f"{key:,}",
        others=tuple(
            Choice(f"{number:,}", f"the question was about {_names(other)}")
            for number, other in others
        ),
        why=f"They have {' + '.join(f'{one.count:,}' for one in group)}.",
        code=code,
        evidence={"how": HOW, "layers": [one.name for one in group]},
        balance="some layers",
    )


def _names(layers: list[Layer]) -> str:
    return ", ".join(f"self.{one.path}" for one in layers)


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
        yield Draft(
            text=f"If HIDDEN_SIZE were {hidden} and nothing else were changed: how many trainable "
            "parameters would your network have?",
            key=f"{network.trainable:,}",
            others=_others(network, rng),
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


# how often a layer's parameters count, by a layer's name; what belongs to no layer counts once
Times = Mapping[str, int]


def _others(network: Network, rng: np.random.Generator, *more: Layer) -> tuple[Choice, ...]:
    """Wrong numbers: of layers, of biases, and of both. `more` are layers that are not asked for."""
    layers = [*network.layers, *more]
    maps = [one for one in network.layers if one.is_map]
    rest = network.trainable - sum(one.count for one in network.layers)
    right = {one.name: int(one in network.layers) for one in layers}

    def value(times: Times, biases: Callable[[Layer], int]) -> int:
        counted = [times[one.name] * (one.count - one.biases + biases(one)) for one in layers]
        return sum(counted) + rest

    structures: list[tuple[Times, str]] = [(right, "")]
    for one in sorted(maps, key=lambda layer: layer.count)[-4:]:
        structures += [
            (right | {one.name: 0}, f"the layer {one.path} had no trainable parameters"),
            (right | {one.name: 2}, f"the layer {one.path} was there twice"),
        ]
    structures += [
        ({name: 2 * times for name, times in right.items()}, "each gradient was a parameter too"),
        (right | {one.name: 0 for one in network.layers if one.is_norm},
         "normalisation had no trainable parameters"),
        (right | {one.name: 2 for one in network.layers if one.is_norm},
         "running statistics were trained"),
        (right | {one.name: 1 for one in more}, "the question was about all layers"),
    ]  # fmt: skip
    has_bias = {one.name for one in maps if one.biases}
    biases: list[tuple[Callable[[Layer], int], str]] = [
        (lambda one: one.biases, ""),
        (lambda one: 0, "biases were not trained")
        if has_bias
        else (lambda one: one.weight[0] if one.is_map else 0, "each layer had biases"),
        (
            lambda one: one.weight[1] if one.is_map else one.biases,
            "a layer had one bias for each of its inputs",
        ),
        (lambda one: 1 if one.is_map else one.biases, "a layer had one bias in all"),
        (
            lambda one: sum(one.weight[:2]) if one.is_map else one.biases,
            "a layer had a bias for each input and each output",
        ),
    ]
    return two_by_two(structures, biases, value, rng)
