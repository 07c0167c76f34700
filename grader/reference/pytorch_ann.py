"""Part 2 of 3: a fully connected network in PyTorch.

PyTorch brings what you wrote by hand in part 1: the layers, the backward pass, the update. You
design the network and write the training step. Fill in the parts marked TODO, then run
`python pytorch_ann.py`. README.md, part 2, has the background.

Shapes: images X (n, 784) float32 in [0, 1], labels y (n,) int64, logits (n, 10).
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

HIDDEN_SIZE = 256  # units in the first hidden layer: more can learn more, and overfit sooner
EPOCHS = 8  # passes over the training images; enough when the validation loss no longer falls
BATCH_SIZE = 128  # images per step: about 420 steps an epoch
LEARNING_RATE = 0.002  # of AdamW; above its usual 0.001, because it falls to 0 over the run

# %% 2.5 Judgement: run the script, look at the curves, then write one of
# "underfitting", "overfitting" or "generalizing"

# BEGIN SOLUTION 2.5
# STUB JUDGEMENT = "TODO 2.5"
JUDGEMENT = "generalizing"
# END SOLUTION 2.5


class PyTorchANN(nn.Module):
    """A multi-layer perceptron: 784 pixels in, hidden layers of your design, 10 logits out."""

    # 2.1 The layers

    def __init__(self, seed: int = 0):
        """Create the layers: linear, activation, dropout and normalisation if you like.

        No convolutions. You need at least one hidden layer and an activation after it: without the
        activation, two linear layers can do no more than one. The first layer takes 784 inputs, the
        last gives 10 outputs. The trap: PyTorch finds parameters only in layers that are attributes
        of self (self.hidden = nn.Linear(...)) or are in nn.Sequential or nn.ModuleList, not in a
        plain list. About 3 to 10 lines.
        """
        super().__init__()
        torch.manual_seed(seed)  # the same seed gives the same initial weights
        # BEGIN SOLUTION 2.1
        self.hidden1 = nn.Linear(784, HIDDEN_SIZE)
        self.hidden2 = nn.Linear(HIDDEN_SIZE, HIDDEN_SIZE // 2)
        self.output = nn.Linear(HIDDEN_SIZE // 2, 10)
        self.dropout = nn.Dropout(0.1)  # a little: without it, eight epochs overfit only slightly
        # END SOLUTION 2.1

    # 2.2 Forward

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Logits `(n, 10)` of the images `X (n, 784)`.

        The trap: no softmax and no activation at the end. The loss in 2.3 takes logits and applies
        log-softmax itself, which stays exact where softmax would round to 0 or 1.
        About 1 to 5 lines.
        """
        # BEGIN SOLUTION 2.2
        a1 = self.dropout(F.relu(self.hidden1(X)))
        a2 = self.dropout(F.relu(self.hidden2(a1)))
        return self.output(a2)
        # END SOLUTION 2.2

    # 2.3 One step of training

    def training_step(
        self, X_batch: torch.Tensor, y_batch: torch.Tensor, optimizer: torch.optim.Optimizer
    ) -> float:
        """The loss of the batch, a Python float, after one step of mini-batch gradient descent.

        In order: set the gradients to zero, forward, cross-entropy, backward, optimizer step. The
        trap: PyTorch adds new gradients to old ones. If you do not zero them, every step also
        follows all earlier batches. `loss.item()` is the float. About 6 lines.
        """
        # BEGIN SOLUTION 2.3
        optimizer.zero_grad()
        logits = self(X_batch)
        loss = F.cross_entropy(logits, y_batch)
        loss.backward()
        optimizer.step()
        return loss.item()
        # END SOLUTION 2.3

    # 2.4 Prediction

    def predict(self, X: torch.Tensor) -> torch.Tensor:
        """The label `(n,)`, 0 to 9, of each image in `X (n, 784)`.

        The trap: dropout and batch normalisation behave differently in training. Switch to
        evaluation mode first (self.eval()), and record no gradients (torch.no_grad()).
        About 4 lines.
        """
        # BEGIN SOLUTION 2.4
        self.eval()
        with torch.no_grad():
            return self(X).argmax(dim=1)
        # END SOLUTION 2.4

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
    """Check the sections, then train and test; `python pytorch_ann.py --help` lists the options."""
    return utils.run_part("pytorch_ann", sys.modules[__name__], arguments)


if __name__ == "__main__":
    sys.exit(main())
