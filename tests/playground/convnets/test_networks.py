"""The networks: what each adds to the one before, counted by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from playground.convnets.configuration import CONV_RECIPES, NETWORKS, ConvConfiguration
from playground.convnets.networks import (
    CONVNETS,
    ConvNetV1,
    ConvNetV2,
    ConvNetV3,
    build,
    parameter_count,
)
from playground.errors import PlaygroundError

# weights and biases; scales and shifts
CONVOLUTIONS = (9 * 64 + 64) + 2 * 64 + (64 * 9 * 128 + 128) + 2 * 128
HIDDEN = (4608 * 1024 + 1024) + 2 * 1024 + (1024 * 1024 + 1024) + 2 * 1024


@pytest.mark.parametrize(("name", "parameters"), [
    ("v1", CONVOLUTIONS + 4608 * 10 + 10),
    ("v2", CONVOLUTIONS + HIDDEN + 1024 * 10 + 10),
    ("v3", CONVOLUTIONS + HIDDEN + 1024 * 10 + 10),
])  # fmt: skip
def test_parameters_are_as_many_as_counted_by_hand(name: str, parameters: int) -> None:
    assert parameter_count(build(ConvConfiguration(network=name), 0)) == parameters


def test_parameters_of_the_fast_network_are_as_many_as_counted_by_hand() -> None:
    # weights without biases; scales and shifts
    plain = 9 * (4 * 8 + 8 * 16 + 16 * 32) + 2 * (8 + 16 + 32)
    # one convolution in each of the two residual blocks
    block = 9 * (16 * 16 + 32 * 32) + 2 * (16 + 32)
    for depth in (1, 2):
        model = build(ConvConfiguration(network="fast", width=8, depth=depth), 0)
        assert parameter_count(model) == plain + depth * block + 32 * 10 + 10


def test_the_stem_of_the_fast_network_loses_nothing() -> None:
    X = torch.rand(2, 1, 28, 28)
    assert torch.equal(F.pixel_shuffle(F.pixel_unshuffle(X, 2), 2), X)


@pytest.mark.parametrize("network", [ConvNetV1, ConvNetV2, ConvNetV3])
def test_4608_features_reach_the_head(network: type[nn.Module]) -> None:
    assert network().features(torch.zeros(2, 1, 28, 28)).shape == (2, 4608)


def kinds(layers: nn.Module) -> str:
    """The layers by name, such as "Conv2d ReLU"."""
    return " ".join(type(layer).__name__ for layer in layers.children())


def test_layers_are_in_the_order_of_the_published_description() -> None:
    block, hidden = "Conv2d ReLU BatchNorm2d MaxPool2d", "Linear ReLU LayerNorm"
    assert kinds(ConvNetV1().features) == f"{block} {block} Flatten"
    assert kinds(ConvNetV2().head) == f"{hidden} {hidden} Linear"
    assert kinds(ConvNetV3().features) == f"{block} Dropout {block} Dropout Flatten"
    assert kinds(ConvNetV3().head) == f"{hidden} Dropout {hidden} Dropout Linear"


def test_without_dropout_v3_is_v2() -> None:
    plain, dropped = (build(ConvConfiguration(network=name), 0).eval() for name in ("v2", "v3"))
    X = torch.rand(4, 1, 28, 28)
    assert torch.equal(plain(X), dropped(X))
    shares = [layer.p for layer in dropped.modules() if isinstance(layer, nn.Dropout)]
    assert shares == [0.1] * 4


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_reach_every_parameter(name: str) -> None:
    model = build(ConvConfiguration(network=name, width=8), 0)
    F.cross_entropy(model(torch.rand(8, 1, 28, 28)), torch.arange(8)).backward()
    for parameter_name, parameter in model.named_parameters():
        assert parameter.grad is not None, parameter_name
        if not parameter_name.endswith(
            "bias"
        ):  # before a batch normalisation a bias changes nothing
            assert parameter.grad.abs().max() > 0, parameter_name


def test_one_seed_builds_one_network_and_leaves_torchs_generator_alone() -> None:
    before = torch.random.get_rng_state()
    one, again, other = (
        build(ConvConfiguration(network="v1"), seed).state_dict() for seed in (1, 1, 2)
    )
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not torch.equal(one["head.0.weight"], other["head.0.weight"])
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("seed", [-1, 10**26, 0.5])
def test_what_torch_takes_for_no_seed_is_refused(seed: Any) -> None:
    with pytest.raises(PlaygroundError, match=r"seed is .*, expected an integer from 0 to 9223"):
        build(CONV_RECIPES["fast-short"], seed)


def test_every_network_that_can_be_named_is_there_and_has_a_recipe() -> None:
    assert list(CONVNETS) == list(NETWORKS)
    assert {recipe.network for recipe in CONV_RECIPES.values()} == set(NETWORKS)
