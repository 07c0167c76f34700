"""One prediction, observed: its labels, the logits that they came from, and the layers' modes."""

from __future__ import annotations

import contextlib
from typing import Any

import torch
from torch import nn

from assignment.answers import CAUSE
from assignment.observing.layers import (
    every_forward,
    every_outer_call,
    places_of,
    shifted,
    watched,
)
from assignment.observing.structure import in_mode

SPREAD = 3.0  # of the numbers added to the logits, so that every label occurs


def predict(model: nn.Module, X: Any, seed: int) -> dict[str, Any]:
    """Labels predicted by a model left in training mode, and what was observed meanwhile.

    `passes` are the logits that it got from the network, a copy or a block, call by call, with
    random numbers added; `places` says which image of X each row belongs to, -1 for a changed one.
    """
    images, passes, places = X.clone(), list[Any](), list[list[int]]()
    generator = torch.Generator().manual_seed(seed)

    def change(_: Any, given: Any, logits: Any) -> Any:
        by = SPREAD * torch.randn(logits.shape, generator=generator)
        moved, shown = shifted(logits, by, SPREAD)
        passes.append(moved.detach().clone().double())
        found = places_of(given, images)
        places.append(found if len(found) == len(logits) else [-1] * len(logits))
        return shown

    # enable_grad also restores the mode, should predict switch gradients off for good
    with torch.enable_grad(), watched(model) as running:
        with every_outer_call(change):
            labels = _labels(model, X, images)
        if not passes:  # a network without layers, called by its forward
            with every_forward(model, change):
                labels = _labels(model, X, images)
    return {
        "labels": labels,
        "passes": passes[:2000],
        "places": places[:2000],
        "training": any(run.training for run in running.modes),
        "recording": any(run.recording for run in running.modes),
        "changed": not torch.equal(X, images),
    }


def _labels(model: nn.Module, X: Any, images: Any) -> Any:
    """What predict returns, called in training mode."""
    try:
        return model.train().predict(X)
    except Exception as error:
        if model.training and _needs_evaluation_mode(model, images[:1]):
            setattr(error, CAUSE, "training-mode")
        raise


def _needs_evaluation_mode(model: nn.Module, X: Any) -> bool:
    """Whether forward raises in training mode alone, as batch normalisation of one image does."""
    with torch.no_grad():
        try:
            model.train()(X)
        except Exception:
            with contextlib.suppress(Exception):
                in_mode(model, training=False)(X)
                return True
    return False
