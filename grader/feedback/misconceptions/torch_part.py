"""Mistakes in parts 2 and 3, known by how a model, a step or a prediction behaves (`torch_checks.py`)."""

from __future__ import annotations

from grader.feedback.misconceptions.entry import Misconception

TORCH_SECTIONS = ("2.1", "2.2", "2.3", "2.4", "3.1", "3.2", "3.3", "3.4")

TORCH = (
    Misconception(
        "torch-no-activation", TORCH_SECTIONS,
        "Nothing non-linear stands between your layers, so the whole network is one linear function. Look at what follows "
        "each hidden layer.",
        "return self.output(self.hidden(X))",
    ),
    Misconception(
        "torch-wrong-output-size", TORCH_SECTIONS,
        "Your network does not give ten numbers for an image. The last layer has one output for each class.",
        "self.output = nn.Linear(128, 1)",
    ),
    Misconception(
        "torch-layers-not-registered", TORCH_SECTIONS,
        "Some of your layers are hidden from PyTorch, so it neither trains nor moves nor saves them. Plain lists and dicts "
        "are not searched; look for the containers that are.",
        "self.layers = [nn.Linear(784, 128), nn.Linear(128, 10)]",
    ),
    Misconception(
        "torch-ann-has-conv", TORCH_SECTIONS,
        "There is a convolution in the network of part 2, which is to do without. Part 3 is the place.",
        "self.conv = nn.Conv2d(1, 8, 3)",
    ),
    Misconception(
        "torch-cnn-has-no-conv", TORCH_SECTIONS,
        "There is no convolution in the network of part 3. Linear layers cannot know which pixels are neighbours; that is "
        "what this part is about.",
        "self.hidden = nn.Linear(784, 128)",
    ),
    Misconception(
        "torch-softmax-before-loss", TORCH_SECTIONS,
        "Softmax or its logarithm is applied before the cross-entropy, which applies both itself. Twice is once too often: "
        "after softmax the loss can no longer get near 0, and a second logarithm of it is work for nothing.",
        "loss = F.cross_entropy(F.softmax(self(X_batch), 1), y_batch)",
    ),
    Misconception(
        "torch-relu-on-logits", TORCH_SECTIONS,
        "An activation follows your last layer, so no logit can be negative. The output layer's values go into the loss as "
        "they are.",
        "return F.relu(self.output(X))",
    ),
    Misconception(
        "torch-no-zero-grad", TORCH_SECTIONS,
        "Gradients of earlier batches are still in the step: PyTorch adds new gradients to old ones. Something has to clear "
        "them for every batch.",
        "loss.backward(); optimizer.step()",
    ),
    Misconception(
        "torch-no-backward", TORCH_SECTIONS,
        "No gradients are computed, so the optimizer has nothing to follow. Look at what turns a loss into gradients.",
        "optimizer.zero_grad(); optimizer.step()",
    ),
    Misconception(
        "torch-no-step", TORCH_SECTIONS,
        "Gradients are computed but the parameters stay where they are. Someone has to take the step.",
        "optimizer.zero_grad(); loss.backward()",
    ),
    Misconception(
        "torch-loss-not-float", TORCH_SECTIONS,
        "training_step gives back something else than a Python number. A tensor keeps its whole computation in memory; look "
        "for the method that gives the bare number.",
        "return loss",
    ),
    Misconception(
        "torch-loss-detached", TORCH_SECTIONS,
        "The loss has lost its connection to the parameters before backward was called. Look for what cuts it: converting to "
        "a number too early, detach, no_grad.",
        "loss = F.cross_entropy(self(X_batch).detach(), y_batch)",
    ),
    Misconception(
        "torch-not-in-eval-mode", TORCH_SECTIONS,
        "Your predictions are made in training mode: dropout still drops and batch normalisation still looks at its "
        "neighbours. Switch the mode before you predict.",
        "return self(X).argmax(1)",
    ),
    Misconception(
        "torch-not-in-train-mode", TORCH_SECTIONS,
        "Your network trains in evaluation mode, so dropout drops nothing and batch normalisation learns no averages. Look for "
        "what switches the mode before the gradients are computed.",
        "self.eval(); loss = F.cross_entropy(self(X_batch), y_batch)",
    ),
    Misconception(
        "torch-argmax-axis", TORCH_SECTIONS,
        "You look for the largest value over the images instead of over the classes. Each row is an image; the answer is one "
        "label a row.",
        "return self(X).argmax(0)",
    ),
    Misconception(
        "torch-predicts-logits", TORCH_SECTIONS,
        "predict gives ten values for an image instead of one label. Which of the ten is largest is what is asked.",
        "return self(X)",
    ),
    Misconception(
        "torch-predict-with-gradients", TORCH_SECTIONS,
        "PyTorch records every operation of your prediction for a backward pass that never comes, which costs time and "
        "memory. Look for the context that switches it off.",
        "self.eval(); return self(X).argmax(1)",
    ),
)  # fmt: skip
