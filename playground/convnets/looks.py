"""What can be seen in a convolutional network while it learns."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from playground.convnets.configuration import ConvConfiguration
from playground.convnets.evaluation import predict_logits
from playground.convnets.fast import Convolution
from playground.convnets.images import to_device
from playground.convnets.processor import Processor
from playground.live.looks import MAX_FILTERS, SAME, Look, Sample


class ConvNetSubject:
    """A convolutional network as a Subject of the live page; its channels are the units."""

    def __init__(self, model: nn.Module, configuration: ConvConfiguration, processor: Processor):
        self.model, self.configuration, self.processor = model, configuration, processor

    def look(self, sample: Sample) -> Look:
        """The network as it is now, not the average of its steps."""
        dead: list[torch.Tensor] = []

        def measure(layer: nn.Module, inputs: Any, outputs: torch.Tensor) -> None:
            channels = outputs.float().transpose(0, 1).flatten(1)
            dead.append(channels.amax(1) - channels.amin(1) < SAME)

        images = to_device(sample.images, self.processor.device)
        layers = [
            layer for layer in self.model.modules() if isinstance(layer, nn.ReLU | Convolution)
        ]
        was_training = self.model.training
        hooks = [layer.register_forward_hook(measure) for layer in layers]
        try:
            logits = predict_logits(self.model, self.configuration, images, self.processor)
        finally:
            for hook in hooks:
                hook.remove()
            self.model.train(was_training)
        dead = dead[: len(layers)]  # with flips, the mirror images come second
        return Look(
            filters=self._filters(),
            dead=dead[0][:MAX_FILTERS].cpu().numpy(),
            dead_shares=tuple(float(layer.float().mean()) for layer in dead),
            probabilities=logits[: sample.shown].softmax(1).cpu().numpy(),
        )

    def _filters(self) -> Any:
        """The first convolution's weights as squares of pixels, `(u, side, side)`."""
        first = next(layer for layer in self.model.modules() if isinstance(layer, nn.Conv2d))
        weights = first.weight.detach()[:MAX_FILTERS].float()
        if weights.shape[1] > 1:  # the fast network sees 2x2 squares of pixels as channels
            weights = F.pixel_shuffle(weights, 2)
        return weights[:, 0].cpu().numpy()
