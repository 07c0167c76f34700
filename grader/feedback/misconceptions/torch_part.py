"""Mistakes in parts 2 and 3, which checks/torch/ recognises by how the network behaves."""

from __future__ import annotations

from grader.feedback.misconceptions.entry import Misconception

TORCH_SECTIONS = ("2.1", "2.2", "2.3", "2.4", "3.1", "3.2", "3.3", "3.4")

TORCH = (
    Misconception(
        "torch-no-activation", TORCH_SECTIONS,
        "return self.output(self.hidden(X))",
    ),
    Misconception(
        "torch-wrong-output-size", TORCH_SECTIONS,
        "self.output = nn.Linear(128, 1)",
    ),
    Misconception(
        "torch-layers-not-registered", TORCH_SECTIONS,
        "self.layers = [nn.Linear(784, 128), nn.Linear(128, 10)]",
    ),
    Misconception(
        "torch-ann-has-conv", TORCH_SECTIONS,
        "self.conv = nn.Conv2d(1, 8, 3)",
    ),
    Misconception(
        "torch-cnn-has-no-conv", TORCH_SECTIONS,
        "self.hidden = nn.Linear(784, 128)",
    ),
    Misconception(
        "torch-softmax-before-loss", TORCH_SECTIONS,
        "loss = F.cross_entropy(F.softmax(self(X_batch), 1), y_batch)",
    ),
    Misconception(
        "torch-relu-on-logits", TORCH_SECTIONS,
        "return F.relu(self.output(X))",
    ),
    Misconception(
        "torch-no-zero-grad", TORCH_SECTIONS,
        "loss.backward(); optimizer.step()",
    ),
    Misconception(
        "torch-no-backward", TORCH_SECTIONS,
        "optimizer.zero_grad(); optimizer.step()",
    ),
    Misconception(
        "torch-no-step", TORCH_SECTIONS,
        "optimizer.zero_grad(); loss.backward()",
    ),
    Misconception(
        "torch-several-steps", TORCH_SECTIONS,
        "loss.backward(); optimizer.step(); optimizer.step()",
    ),
    Misconception(
        "torch-own-optimizer", TORCH_SECTIONS,
        "optimizer = torch.optim.SGD(self.parameters(), lr=0.1)",
    ),
    Misconception(
        "torch-wrong-loss", TORCH_SECTIONS,
        "loss = F.mse_loss(self(X_batch), F.one_hot(y_batch, 10).float())",
    ),
    Misconception(
        "torch-loss-not-float", TORCH_SECTIONS,
        "return loss",
    ),
    Misconception(
        "torch-loss-detached", TORCH_SECTIONS,
        "loss = F.cross_entropy(self(X_batch).detach(), y_batch)",
    ),
    Misconception(
        "torch-not-in-eval-mode", TORCH_SECTIONS,
        "return self(X).argmax(1)",
    ),
    Misconception(
        "torch-not-in-train-mode", TORCH_SECTIONS,
        "self.eval(); loss = F.cross_entropy(self(X_batch), y_batch)",
    ),
    Misconception(
        "torch-argmax-axis", TORCH_SECTIONS,
        "return self(X).argmax(0)",
    ),
    Misconception(
        "torch-predicts-logits", TORCH_SECTIONS,
        "return self(X)",
    ),
    Misconception(
        "torch-predict-with-gradients", TORCH_SECTIONS,
        "self.eval(); return self(X).argmax(1)",
    ),
)  # fmt: skip
