"""The checks of parts 2 and 3, which differ only in the class and the shape of an image."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np

from assignment.expect import RETURN_MISSING, CheckFailed, expect_array
from assignment.parts import JUDGEMENTS, Part


def _model(module: ModuleType, part: Part) -> Any:
    return getattr(module, part.class_name)(seed=0)


def _images(part: Part, n: int, seed: int = 0) -> tuple[Any, Any]:
    """Random images and labels, as float32 and int64 tensors."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    return torch.rand(n, *part.image_shape, generator=generator), torch.randint(
        10, (n,), generator=generator
    )


def check_layers(module: ModuleType, part: Part) -> None:
    import torch

    model = _model(module, part)
    if not isinstance(model, torch.nn.Module) or not list(model.parameters()):
        raise CheckFailed(
            f"{part.class_name}() has no parameters",
            "the weights of its layers",
            hint="make layers attributes of self, or put them in nn.Sequential or nn.ModuleList.",
        )
    for name, value in vars(model).items():
        if isinstance(value, dict):
            held = list(value.values())
        else:
            held = list(value) if isinstance(value, list | tuple) else []
        if not name.startswith("_") and any(isinstance(item, torch.nn.Module) for item in held):
            raise CheckFailed(
                f"self.{name} is a plain {type(value).__name__}: PyTorch cannot find its layers",
                hint="put the layers in nn.ModuleList or nn.Sequential.",
            )
    convolutions = [m for m in model.modules() if isinstance(m, torch.nn.modules.conv._ConvNd)]
    if part.name == "pytorch_ann" and convolutions:
        raise CheckFailed(
            "a convolution was found",
            "none in part 2",
            hint="use linear layers and activations here; convolutions come in part 3.",
        )
    if part.name == "pytorch_cnn" and not convolutions:
        raise CheckFailed(
            "no convolution was found",
            "at least one convolution",
            hint="start with nn.Conv2d(1, channels, kernel_size=3, padding=1).",
        )


def check_logits(module: ModuleType, part: Part) -> None:
    import torch

    model = _model(module, part).eval()
    model.requires_grad_(False)  # no check here needs gradients
    for n in (3, 1):
        logits = model(_images(part, n)[0])
        if not isinstance(logits, torch.Tensor):
            raise CheckFailed(
                f"forward returned a {type(logits).__name__}",
                f"a tensor ({n}, 10)",
                kind="wrong-type",
                hint=RETURN_MISSING if logits is None else "",
            )
        if tuple(logits.shape) != (n, 10):
            raise CheckFailed(
                f"forward gave shape {tuple(logits.shape)} for {n} images",
                f"({n}, 10)",
                kind="wrong-shape",
                hint="one row for each image, with one logit for each of the 10 classes.",
            )
        if not torch.isfinite(logits).all():
            raise CheckFailed("forward gave logits that are not finite", kind="not-finite")
    logits = model(_images(part, 8)[0])
    if torch.allclose(logits.exp().sum(dim=1), torch.ones(8), atol=1e-4) or torch.allclose(
        logits.sum(dim=1), torch.ones(8), atol=1e-4
    ):
        raise CheckFailed(
            "the rows are probabilities",
            "logits",
            hint="leave out softmax at the end: the cross-entropy loss applies it.",
        )
    if (logits >= 0).all():
        raise CheckFailed(
            "no logit is negative",
            "logits of both signs",
            hint="is there an activation after the last layer?",
        )
    if part.name == "pytorch_ann":
        _expect_nonlinear(model, part)


def _expect_nonlinear(model: Any, part: Part) -> None:
    """Raises CheckFailed if f(a) + f(b) = f(a + b) + f(0), as for every linear network."""
    import torch

    # ten times as bright as images are, because a sigmoid is nearly linear for small inputs
    a, b = (10 * _images(part, 8, seed)[0] for seed in (1, 2))
    left, right = model(a) + model(b), model(a + b) + model(torch.zeros_like(a))
    if torch.allclose(left, right, rtol=1e-5, atol=1e-5 * left.abs().max().item()):
        raise CheckFailed(
            "the network is linear in its input",
            "a non-linear activation between the layers",
            hint="apply an activation such as F.relu to the output of each hidden layer.",
        )


def check_training_step(module: ModuleType, part: Part) -> None:
    import torch

    model = _model(module, part).train()
    X, y = _images(part, 16)
    before = [p.detach().clone() for p in model.parameters()]
    loss = model.training_step(X, y, torch.optim.SGD(model.parameters(), lr=0.1))
    if not isinstance(loss, float):
        hint = (
            RETURN_MISSING if loss is None else "loss.item() is the number in a one-element tensor."
        )
        raise CheckFailed(
            f"training_step returned a {type(loss).__name__}",
            "a float",
            kind="wrong-type",
            hint=hint,
        )
    if not math.isfinite(loss):
        raise CheckFailed(f"the loss is {loss}", "a finite number", kind="not-finite")
    if all(torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True)):
        raise CheckFailed(
            "no parameter changed",
            "one step of the optimizer",
            hint="call both loss.backward() and optimizer.step().",
        )
    model = _model(module, part).train()
    # steps of length 0, so that both steps have the same gradients
    frozen = torch.optim.SGD(model.parameters(), lr=0.0)
    norms = []
    for _ in range(2):
        torch.manual_seed(1)  # the same dropout
        model.training_step(X, y, frozen)
        norms.append(sum(p.grad.norm().item() for p in model.parameters() if p.grad is not None))
    if norms[1] > 1.5 * norms[0]:
        raise CheckFailed(
            "the gradients of the first step were added to those of the second",
            "the gradients of the second batch alone",
            hint="set the gradients to zero in every step.",
        )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    loss_before = _loss_of(model, X, y)
    for _ in range(30):
        model.train()
        model.training_step(X, y, optimizer)
    loss_after = _loss_of(model, X, y)
    if not loss_after < loss_before:
        raise CheckFailed(
            f"30 steps on one batch changed its loss from {loss_before:.3f} to {loss_after:.3f}",
            "a lower loss",
            hint="the loss must compare logits with labels: F.cross_entropy(logits, y_batch).",
        )


def _loss_of(model: Any, X: Any, y: Any) -> float:
    """The cross-entropy of the model's logits, in evaluation mode."""
    import torch

    model.eval()
    with torch.no_grad():
        return float(torch.nn.functional.cross_entropy(model(X), y).item())


def check_predict(module: ModuleType, part: Part) -> None:
    import torch

    model = _model(module, part).train()
    X, _ = _images(part, 12)
    modes: list[tuple[bool, bool]] = []
    for layer in model.modules():
        if not list(layer.children()):
            layer.register_forward_hook(
                lambda m, *_: modes.append((m.training, torch.is_grad_enabled()))
            )
    labels = model.predict(X)
    if labels is None:
        raise CheckFailed(
            "predict returned None",
            "labels of shape (12,)",
            kind="wrong-type",
            hint=RETURN_MISSING,
        )
    shape = tuple(getattr(labels, "shape", ()))
    if shape != (12,):
        raise CheckFailed(
            f"predict gave {type(labels).__name__} of shape {shape} for 12 images",
            "labels of shape (12,)",
            kind="wrong-shape",
            hint="take the index of the largest logit in each row: argmax(dim=1).",
        )
    if any(training for training, _ in modes):
        raise CheckFailed(
            "layers were in training mode during predict",
            hint="call self.eval() first, which switches dropout off.",
        )
    if any(recording for _, recording in modes):
        raise CheckFailed(
            "gradients were recorded during predict",
            hint="put the forward pass into `with torch.no_grad():`.",
        )
    with torch.no_grad():
        expected = model.eval()(X).argmax(dim=1)
    expect_array(
        "predict(X)",
        np.asarray(labels),
        expected.numpy(),
        hint="take the index of the largest logit in each row.",
    )


def check_judgement(module: ModuleType, part: Part) -> None:
    judgement = getattr(module, "JUDGEMENT", None)
    if isinstance(judgement, str) and judgement.startswith("TODO"):
        raise NotImplementedError(judgement)
    if (
        not isinstance(judgement, str)
        or judgement.strip().lower().replace("generalis", "generaliz") not in JUDGEMENTS
    ):
        raise CheckFailed(f"JUDGEMENT is {judgement!r}", f"one of {', '.join(JUDGEMENTS)}")
