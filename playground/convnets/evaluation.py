"""Evaluation without dropout; with flips, averaged over each image and its mirror image."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from playground.arguments import check_labels, check_pixels
from playground.convnets.configuration import ConvConfiguration
from playground.convnets.images import as_input, to_device
from playground.convnets.networks import CLASSES
from playground.convnets.processor import Processor, choose_processor

BLOCK_SIZE = 500  # images per forward pass: their activations fit into the caches


def evaluate(
    model: nn.Module,
    configuration: ConvConfiguration,
    X: np.ndarray,
    y: np.ndarray,
    device: str = "auto",
) -> tuple[float, float]:
    """Mean loss without label smoothing, and accuracy in [0, 1]. `X (n, 784)` uint8, `y (n,)`.

    Raises PlaygroundError if the images or labels are not such arrays.
    """
    check_pixels(X)
    check_labels(y, len(X), CLASSES)
    processor = choose_processor(device, configuration.precision)
    return measure(
        model.to(processor.device), configuration, to_device(X, processor.device), y, processor
    )


def logits(
    model: nn.Module, configuration: ConvConfiguration, X: np.ndarray, device: str = "auto"
) -> np.ndarray:
    """Logits `(n, 10)` float32 of the images `X (n, 784)` uint8."""
    processor = choose_processor(device, configuration.precision)
    images = to_device(X, processor.device)
    found: np.ndarray = (
        predict_logits(model.to(processor.device), configuration, images, processor).cpu().numpy()
    )
    return found


def measure(
    model: nn.Module,
    configuration: ConvConfiguration,
    images: torch.Tensor,
    y: np.ndarray,
    processor: Processor,
) -> tuple[float, float]:
    """`evaluate` for images `(n, 28, 28)` already on the device."""
    found = predict_logits(model, configuration, images, processor).cpu()
    labels = torch.from_numpy(np.asarray(y, np.int64))
    accuracy = (found.argmax(1) == labels).double().mean()
    return float(F.cross_entropy(found.double(), labels)), float(accuracy)


@torch.inference_mode()
def predict_logits(
    model: nn.Module, configuration: ConvConfiguration, images: torch.Tensor, processor: Processor
) -> torch.Tensor:
    """Logits `(n, 10)` float32 of images `(n, 28, 28)` uint8; leaves the model in eval mode."""
    model.eval()
    blocks = []
    for block in images.split(BLOCK_SIZE):
        X = as_input(block)
        with processor.arithmetic():
            found = model(X).float()
            if configuration.flips:
                found = (found + model(X.flip(3)).float()) / 2
        blocks.append(found)
    return torch.cat(blocks)
