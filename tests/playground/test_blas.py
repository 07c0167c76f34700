"""BLAS gets one thread for products that are too small for two."""

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from playground import blas
from playground.configuration import Configuration
from playground.network import Network
from playground.training import train

SMALL, LARGE = [(784,), (128,), (10,)], [(784,), (300,), (10,)]


def threads() -> set[int]:
    found = ThreadpoolController().select(user_api="blas").info()
    return {pool["num_threads"] for pool in found}


@pytest.mark.parametrize(
    ("batch_size", "shapes", "gains"),
    [
        (64, SMALL, False),
        (64, LARGE, False),
        (128, [(784,), (32,), (10,)], False),
        (128, LARGE, True),
        (8, [(28, 28, 1), (24, 24, 6), (10,)], True),
    ],
)
def test_only_large_products_gain(
    batch_size: int, shapes: list[tuple[int, ...]], gains: bool
) -> None:
    assert blas.gains_from_threads(batch_size, shapes) is gains
    with threadpool_limits(2, "blas"):
        with blas.suitable_threads(batch_size, shapes):
            assert threads() == {2 if gains else 1}
        assert threads() == {2}


def test_the_steps_of_a_training_have_one_thread_and_the_rest_as_many_as_before() -> None:
    seen = []
    X, y = np.zeros((64, 784), np.uint8), np.arange(64) % 10
    network = Network(784, 10, Configuration(hidden_sizes=(8,), epochs=1, batch_size=32), seed=0)
    with threadpool_limits(2, "blas"):
        train(
            network,
            X,
            y,
            after_step=lambda step: seen.append(threads()),
            after_epoch=lambda epoch, history: seen.append(threads()),
        )
    assert seen == [{1}, {1}, {2}]


def test_it_does_without_threadpoolctl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assignment.blas._controller", lambda: None)
    with threadpool_limits(2, "blas"), blas.suitable_threads(64, SMALL):
        assert threads() == {2}
