"""Part 3 of 3: a convolutional network in PyTorch.

The network of part 2 sees 784 pixels in a row and cannot know which of them are neighbours. A
convolution slides one small filter over the image, so it finds a sleeve wherever it is. Fill in
the parts marked TODO, then run `python pytorch_cnn.py`. README.md, part 3, has the background.

Shapes: images X (n, 1, 28, 28) float32 in [0, 1], labels y (n,) int64, logits (n, 10).
"""

from __future__ import annotations

import sys

import utils  # first: from here on, Ctrl-C ends in one line

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from utils import History

# %% Hyperparameters: yours to change

EPOCHS = 5  # passes over the training images; each takes several times as long as in part 2
BATCH_SIZE = 64  # images per step: twice as many steps an epoch as in part 2, for fewer epochs
LEARNING_RATE = 0.002  # of AdamW; above its usual 0.001, because it falls to 0 over the run

# %% 3.5 Judgement: run the script, look at the curves, then write one of
# "underfitting", "overfitting" or "generalizing"

JUDGEMENT = "TODO 3.5"


class PyTorchCNN(nn.Module):
    """A convolutional network: images 1 x 28 x 28 in, layers of your design, 10 logits out."""

    # 3.1 The layers

    def __init__(self, seed: int = 0):
        """Create the layers: at least one convolution, and any others that you like.

        nn.Conv2d(1, c, kernel_size=3, padding=1) turns (n, 1, 28, 28) into (n, c, 28, 28), and
        nn.MaxPool2d(2) halves height and width. The trap: the first linear layer must take exactly
        as many inputs as flattening leaves, channels x height x width. About 4 to 12 lines.
        """
        super().__init__()
        torch.manual_seed(seed)  # the same seed gives the same initial weights
        raise NotImplementedError("TODO 3.1: __init__ in pytorch_cnn.py")

    # 3.2 Forward

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Logits `(n, 10)` of the images `X (n, 1, 28, 28)`.

        Convolve, activate, pool; then flatten for the linear layers (`.flatten(start_dim=1)` keeps
        the batch). The trap: as in part 2, no softmax and no activation at the end.
        About 3 to 8 lines.
        """
        raise NotImplementedError("TODO 3.2: forward in pytorch_cnn.py")

    # 3.3 One step of training

    def training_step(
        self, X_batch: torch.Tensor, y_batch: torch.Tensor, optimizer: torch.optim.Optimizer
    ) -> float:
        """The loss of the batch, a Python float, after one step of mini-batch gradient descent.

        In order: set the gradients to zero, forward, cross-entropy, backward, optimizer step. The
        trap: PyTorch adds new gradients to old ones. If you do not zero them, every step also
        follows all earlier batches. `loss.item()` is the float. About 6 lines.
        """
        raise NotImplementedError("TODO 3.3: training_step in pytorch_cnn.py")

    # 3.4 Prediction

    def predict(self, X: torch.Tensor) -> torch.Tensor:
        """The label `(n,)`, 0 to 9, of each image in `X (n, 1, 28, 28)`.

        The trap: dropout and batch normalisation behave differently in training. Switch to
        evaluation mode first (self.eval()), and record no gradients (torch.no_grad()).
        About 4 lines.
        """
        raise NotImplementedError("TODO 3.4: predict in pytorch_cnn.py")

    # Given: the optimizer (yours to change), training, evaluation

    def configure_optimizer(self) -> torch.optim.Optimizer:
        """The optimizer that takes the steps; any optimizer of torch.optim will do."""
        return torch.optim.AdamW(self.parameters(), lr=LEARNING_RATE)

    def fit(
        self,
        X_train: torch.Tensor,
        y_train: torch.Tensor,
        X_val: torch.Tensor,
        y_val: torch.Tensor,
        *,
        epochs: int,
        batch_size: int,
        device: str,
    ) -> History:
        """The learning curves of training by mini-batch gradient descent, shuffled every epoch.

        The learning rate falls linearly to almost 0 over the run: large steps first, then small
        ones to settle.
        """
        self.to(device)
        X_train, y_train, X_val, y_val = (
            torch.as_tensor(a).to(device) for a in (X_train, y_train, X_val, y_val)
        )
        steps_per_epoch = -(-len(X_train) // batch_size)
        optimizer = self.configure_optimizer()
        schedule = torch.optim.lr_scheduler.LinearLR(
            optimizer, 1.0, 0.001, total_iters=epochs * steps_per_epoch
        )
        rng = np.random.default_rng(torch.initial_seed())
        history = History()
        for epoch in range(1, epochs + 1):
            self.train()
            batches = utils.minibatches(X_train, y_train, batch_size, rng)
            for X_batch, y_batch in utils.progress(
                batches, description=f"epoch {epoch}", total=steps_per_epoch
            ):
                self.training_step(X_batch, y_batch, optimizer)
                schedule.step()
            n = len(X_val)  # training images to measure on: as many as validation images
            history.record(self.evaluate(X_train[:n], y_train[:n]), self.evaluate(X_val, y_val))
            history.print_last()
        return history

    @torch.no_grad()
    def evaluate(self, X: torch.Tensor, y: torch.Tensor) -> tuple[float, float]:
        """Loss and accuracy on images `X` with labels `y (n,)`, in evaluation mode."""
        self.eval()
        logits = torch.cat([self(X_block) for X_block in X.split(1000)])
        accuracy = (logits.argmax(dim=1) == y).float().mean()
        return F.cross_entropy(logits, y).item(), accuracy.item()


# %% Check, train, test


def main(arguments: list[str] | None = None) -> int:
    """Check the sections, then train and test; `python pytorch_cnn.py --help` lists the options."""
    return utils.run_part("pytorch_cnn", sys.modules[__name__], arguments)


if __name__ == "__main__":
    sys.exit(main())
