"""One prediction, observed: its labels, the logits that they came from, and the layers' modes."""

from __future__ import annotations

import contextlib
from typing import Any

import torch
from torch import nn

from assignment.answers import CAUSE
from assignment.observing.layers import every_forward, is_rows, shifted, watched
from assignment.observing.structure import in_mode

SPREAD = 3.0  # of the numbers added to the logits, so that every label occurs


def predict(model: nn.Module, X: Any, seed: int) -> dict[str, Any]:
    """Labels predicted by a model left in training mode, and what was observed meanwhile.

    `passes` are the logits that the network returned, with random numbers added, pass by pass; they
    are empty if predict did not call forward, but a scripted copy or a block of the network.
    """
    images, passes = X.clone(), list[Any]()
    generator = torch.Generator().manual_seed(seed)

    def change(network: nn.Module, _: Any, logits: Any) -> Any:
        if not is_rows(logits):
            return logits
        moved, shown = shifted(logits, SPREAD, generator)
        passes.append(moved.detach().double())
        return shown

    model.train()
    # enable_grad also restores the mode, should predict switch gradients off for good
    with torch.enable_grad(), watched(model) as running:
        try:
            with every_forward(model, change):
                labels = model.predict(X)
        except Exception as error:
            if not passes:  # what scripts a copy cannot read a changed forward
                running.layers.clear()
                running.networks.clear()
                labels = _plain(model, X, images, error)
            else:
                raise
    return {
        "labels": labels,
        "passes": passes[:2000],
        "training": any(training for training, _ in running.modes),
        "recording": any(recording for _, recording in running.modes),
        "changed": not torch.equal(X, images),
    }


def _plain(model: nn.Module, X: Any, images: Any, first: Exception) -> Any:
    """The labels as predict gives them with nothing changed."""
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
