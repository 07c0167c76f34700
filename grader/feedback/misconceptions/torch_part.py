"""Mistakes in parts 2 and 3, which checks/torch/ recognises by how the network behaves."""

from __future__ import annotations

from grader.feedback.misconceptions.entry import Misconception

TORCH_SECTIONS = ("2.1", "2.2", "2.3", "2.4", "3.1", "3.2", "3.3", "3.4")

TORCH = (
    Misconception(
        "torch-no-activation", TORCH_SECTIONS,
        "Your network has no hidden layer: nothing non-linear stands between two layers with "
        "weights, so together they can do no more than one. Look at what follows each layer.",
        "return self.output(self.hidden(X))",
    ),
    Misconception(
        "torch-wrong-output-size", TORCH_SECTIONS,
        "Your network does not return ten numbers per image. The last layer needs one output for "
        "each class.",
        "self.output = nn.Linear(128, 1)",
    ),
    Misconception(
        "torch-layers-not-registered", TORCH_SECTIONS,
        "PyTorch cannot find some of your layers, so it neither trains nor moves nor saves them. "
        "It finds those that __init__ makes, but does not search plain lists and dicts; look for "
        "the containers that it does search, and for layers that are made elsewhere.",
        "self.layers = [nn.Linear(784, 128), nn.Linear(128, 10)]",
    ),
    Misconception(
        "torch-ann-has-conv", TORCH_SECTIONS,
        "The network of part 2 contains a convolution, which is not allowed there. Convolutions "
        "belong to part 3.",
        "self.conv = nn.Conv2d(1, 8, 3)",
    ),
    Misconception(
        "torch-cnn-has-no-conv", TORCH_SECTIONS,
        "The network of part 3 contains no convolution. Linear layers do not know which pixels are "
        "neighbours, and using that knowledge is the point of this part.",
        "self.hidden = nn.Linear(784, 128)",
    ),
    Misconception(
        "torch-softmax-before-loss", TORCH_SECTIONS,
        "Softmax is applied before the cross-entropy, which applies it itself. Applied twice, it "
        "keeps the loss from getting near 0. Look for the place where probabilities are made.",
        "loss = F.cross_entropy(F.softmax(self(X_batch), 1), y_batch)",
    ),
    Misconception(
        "torch-relu-on-logits", TORCH_SECTIONS,
        "An activation follows your last layer and limits the values that logits can take. The "
        "loss expects the values of the output layer as they are.",
        "return F.relu(self.output(X))",
    ),
    Misconception(
        "torch-no-zero-grad", TORCH_SECTIONS,
        "The step still contains gradients of earlier batches, because PyTorch adds new gradients "
        "to old ones. Something has to clear them for every batch.",
        "loss.backward(); optimizer.step()",
    ),
    Misconception(
        "torch-no-backward", TORCH_SECTIONS,
        "No gradients are computed, so the optimizer has nothing to follow. Look at what turns a "
        "loss into gradients.",
        "optimizer.zero_grad(); optimizer.step()",
    ),
    Misconception(
        "torch-no-step", TORCH_SECTIONS,
        "Gradients are computed, but the parameters do not change. Something has to take the step.",
        "optimizer.zero_grad(); loss.backward()",
    ),
    Misconception(
        "torch-several-steps", TORCH_SECTIONS,
        "The parameters move more than once for one batch. Count how often the optimizer takes a "
        "step, and whether the batch is cut into parts that each take one.",
        "loss.backward(); optimizer.step(); optimizer.step()",
    ),
    Misconception(
        "torch-own-optimizer", TORCH_SECTIONS,
        "The parameters move without the optimizer that training_step is given. Only that one "
        "keeps its learning rate and its memory from batch to batch; a new one forgets both.",
        "optimizer = torch.optim.SGD(self.parameters(), lr=0.1)",
    ),
    Misconception(
        "torch-wrong-loss", TORCH_SECTIONS,
        "The step works with something other than the cross-entropy of this batch. Compare the "
        "line that computes the loss, and what is returned, with part 2 of the handout.",
        "loss = F.mse_loss(self(X_batch), F.one_hot(y_batch, 10).float())",
    ),
    Misconception(
        "torch-loss-not-float", TORCH_SECTIONS,
        "training_step returns something other than a Python number. A tensor keeps its whole "
        "computation in memory; look for the method that returns the plain number.",
        "return loss",
    ),
    Misconception(
        "torch-loss-detached", TORCH_SECTIONS,
        "The loss lost its connection to the parameters before backward was called. Look for what "
        "cuts it: an early conversion to a number, detach or no_grad.",
        "loss = F.cross_entropy(self(X_batch).detach(), y_batch)",
    ),
    Misconception(
        "torch-not-in-eval-mode", TORCH_SECTIONS,
        "In evaluation mode nothing is random, and no image depends on the others of its batch. "
        "Look for dropout or batch normalisation that is still in training mode: what predict calls "
        "follows the network's mode, and a function such as F.dropout has to be told of it.",
        "return self(X).argmax(1)",
    ),
    Misconception(
        "torch-not-in-train-mode", TORCH_SECTIONS,
        "Your network trains in evaluation mode, so dropout drops nothing and batch normalisation "
        "learns no averages. Look for what switches the mode before the gradients are computed.",
        "self.eval(); loss = F.cross_entropy(self(X_batch), y_batch)",
    ),
    Misconception(
        "torch-argmax-axis", TORCH_SECTIONS,
        "You take the largest value over the images instead of over the classes. Each row is an "
        "image, and the answer is one label per row.",
        "return self(X).argmax(0)",
    ),
    Misconception(
        "torch-predicts-logits", TORCH_SECTIONS,
        "predict returns logits instead of labels. The label says which of an image's ten logits "
        "is the largest.",
        "return self(X)",
    ),
    Misconception(
        "torch-predict-with-gradients", TORCH_SECTIONS,
        "PyTorch records every operation of your prediction for a backward pass that never comes, "
        "which costs time and memory. Look for the context manager that switches this off.",
        "self.eval(); return self(X).argmax(1)",
    ),
)  # fmt: skip
