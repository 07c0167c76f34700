"""The catalogue of mistakes: an id of the contract, its sections, and what to tell the student about it.

Each text says what the code does, why that is wrong and what to look at next, and never how to write it. Which
mistake an answer shows is found by `diagnosis.py`, which predicts what each would give on the same inputs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Misconception:
    """One entry. `sections` are the numbers it can occur in; "any" stands for all."""

    id: str
    sections: tuple[str, ...]
    advice: str


_RELU, _DRELU, _LOSS, _FORWARD, _BACKWARD = ("1.2",), ("1.3",), ("1.4",), ("1.5",), ("1.6",)
_TRAINING = ("1.7", "2.6", "3.6")
_TORCH = ("2.1", "2.2", "2.3", "2.4", "3.1", "3.2", "3.3", "3.4")
_PLOT = ("2.7", "3.7")
_ANY = ("any",)

_ENTRIES = (
    # 1.2
    Misconception("relu-leaky", _RELU, "Your relu lets a fraction of the negative values through: that is the leaky variant. "
                  "Plain ReLU gives nothing at all for a negative input; look at what your code does left of 0."),
    Misconception("relu-absolute", _RELU, "Your relu turns negative values into positive ones, as the absolute value does. A unit "
                  "that is switched off must give 0, not the same strength with the other sign."),
    Misconception("relu-negated", _RELU, "Your relu keeps the wrong half, or flips the sign: it answers with values where it should be "
                  "silent. Draw the function for -2, 0 and 2 and compare it with the handout's."),
    Misconception("relu-clipped-above", _RELU, "Your relu also cuts off large values. ReLU is bounded below, not above; nothing should "
                  "happen to a value because it is large."),
    Misconception("relu-scalar", _RELU, "Your relu treats the whole array as one number: one comparison, one result. Each element needs "
                  "its own; look for NumPy functions that compare element by element."),
    Misconception("relu-in-place", _RELU, "Your relu writes its result into the array that it was given. The caller still needs the old "
                  "values (backward asks where z1 was positive), so leave the argument alone."),
    # 1.3
    Misconception("drelu-one-at-zero", _DRELU, "Your derivative is 1 at exactly 0. There the slope is a matter of convention, and the "
                  "handout's is 0; look at whether your comparison includes equality."),
    Misconception("drelu-returns-input", _DRELU, "Your derivative gives back values of z itself. A slope says how steep, not how high: for "
                  "positive inputs it is the same number everywhere."),
    Misconception("drelu-inverted", _DRELU, "Your derivative is 1 where ReLU is flat and 0 where it rises. Turn the condition round and "
                  "check it with one positive and one negative number."),
    Misconception("drelu-scalar", _DRELU, "Your derivative gives one number for a whole array. Every element has a slope of its own, so the "
                  "result has the shape of z."),
    Misconception("drelu-in-place", _DRELU, "Your derivative writes into the array that it was given, so whoever uses z afterwards reads "
                  "zeros and ones. Build the result in a new array."),
    # 1.4
    Misconception("ce-sum-not-mean", _LOSS, "Your loss is the sum over the batch: it doubles when the same images come twice. Loss per image "
                  "is what can be compared; look at what the handout's formula has in front of the sum."),
    Misconception("ce-mean-over-classes", _LOSS, "Your loss also averages over the classes, so it is too small by their number. Only one "
                  "class of each image counts; the others contribute 0 but must not be counted in the mean."),
    Misconception("ce-sign", _LOSS, "Your loss has the wrong sign: a better prediction makes it larger. The logarithm of a probability is "
                  "negative, and a loss is to be positive."),
    Misconception("ce-log-of-zero", _LOSS, "Your loss is right until a probability is 0 (or rounds to 0 in float32), where the logarithm is "
                  "infinite. Keep the probabilities away from 0 by an amount that float32 can hold."),
    Misconception("ce-log-base", _LOSS, "Your loss is right but for a constant factor: it uses a logarithm to another base. The gradient in "
                  "1.6 belongs to the natural one."),
    Misconception("ce-arguments-swapped", _LOSS, "Your loss takes the logarithm of the one-hot targets and weighs it with the "
                  "predictions. Look at which argument holds probabilities and which holds zeros and ones."),
    Misconception("ce-binary", _LOSS, "Your loss adds a term for the classes that are not true, as the binary cross-entropy does. With "
                  "softmax the true class's probability says it all; compare with the formula in 1.4."),
    Misconception("ce-squared-error", _LOSS, "Your loss is a squared difference between targets and probabilities. It has no logarithm and "
                  "hardly punishes confident mistakes; 1.4 asks for another measure."),
    Misconception("ce-not-scalar", _LOSS, "Your loss is an array with a value for every image or class. Training needs one number for the "
                  "whole batch; look at what is still to be done with the values you have."),
    # 1.5
    Misconception("forward-no-bias", _FORWARD, "Your forward pass leaves out a bias. Without it every layer is tied to the origin; look at "
                  "what is added after each matrix product in the handout."),
    Misconception("forward-no-relu", _FORWARD, "Your forward pass goes from z1 on without an activation. Two linear layers in a row are no "
                  "more than one; look at what the handout puts between them."),
    Misconception("forward-no-softmax", _FORWARD, "Your a2 holds logits: numbers of any size. The last step turns each row into "
                  "probabilities that add up to 1; 1.1 has it ready."),
    Misconception("forward-relu-on-output", _FORWARD, "Your forward pass applies ReLU to the output layer as well. Negative logits carry "
                  "information, and cutting them off makes classes equal that are not; the activation belongs to the hidden layer."),
    Misconception("forward-softmax-axis", _FORWARD, "Your softmax adds up over the images instead of the classes: the columns of a2 sum to 1, "
                  "not the rows. Look at the axis of the sum."),
    Misconception("forward-softmax-unstable", _FORWARD, "Your forward pass is right for small logits and overflows for large ones: exp(1000) "
                  "is infinite. 1.1 shows what to take away first."),
    Misconception("forward-sigmoid", _FORWARD, "Your forward pass uses a sigmoid where the handout has another function. Compare the activation "
                  "after each layer with the formulas of 1.5."),
    Misconception("forward-not-kept", _FORWARD, "Your forward pass computes the right answer but does not keep its steps (or not under the "
                  "names z1, a1, z2, a2 on self). Backward has to read them."),
    Misconception("forward-returns-logits", _FORWARD, "Your forward pass keeps the right a2 but returns something else. The caller expects "
                  "probabilities."),
    # 1.6
    Misconception("backward-sign", _BACKWARD, "Your gradients point uphill: all have the wrong sign. Look at the order of the subtraction "
                  "that everything starts from."),
    Misconception("backward-no-relu-gate", _BACKWARD, "Your gradients of the first layer ignore ReLU: units that were switched off learn as "
                  "if they had been on. On the way back through the activation something must be multiplied."),
    Misconception("backward-gate-on-wrong-layer", _BACKWARD, "You apply the derivative of ReLU to the wrong quantity. It belongs to the hidden "
                  "layer, where ReLU was applied on the way forward, and is taken at that layer's input."),
    Misconception("backward-z1-for-a1", _BACKWARD, "Your dW2 uses what went into the activation instead of what came out. On the way forward, "
                  "look at which of the two W2 was multiplied with."),
    Misconception("backward-mixed-scale", _BACKWARD, "Some of your gradients are summed over the batch and some averaged. Either is right, but "
                  "one step with both moves the layers at different speeds; divide once, where all four inherit it."),
    Misconception("backward-divided-twice", _BACKWARD, "Some of your gradients are divided by the number of images twice. Look at whether you "
                  "divide at the start and again at the end."),
    Misconception("backward-bias-not-summed", _BACKWARD, "A bias gradient still has a row for every image. The same bias was added to all "
                  "images, so its gradient collects what all of them say."),
    Misconception("backward-softmax-twice", _BACKWARD, "You multiply by the derivative of softmax although it is already in the start value: "
                  "softmax and cross-entropy together leave a plain difference. Look again at the first line of 1.6."),
    Misconception("backward-not-transposed", _BACKWARD, "A matrix product has a factor the wrong way round, so a gradient is transposed or the "
                  "shapes do not fit. Write the shapes under each factor: every gradient has the shape of its parameter."),
    Misconception("backward-missing-key", _BACKWARD, "Your dict does not have all four gradients under the names W1, b1, W2 and b2. The update "
                  "looks for exactly these keys."),
    Misconception("backward-changes-weights", _BACKWARD, "Your backward changes the parameters. It is to compute gradients only; the step is "
                  "taken elsewhere, and a second call must find the network as it was."),
    Misconception("backward-wrong-weights", _BACKWARD, "On the way back to the hidden layer you use another matrix than the one that led from it "
                  "to the output. Follow dz2 back along the way the signal came."),
    # training
    Misconception("train-diverged", _TRAINING, "Training diverged: the loss is no longer a number. Steps that are too long climb instead of "
                  "descending; try a learning rate ten times smaller."),
    Misconception("train-below-bar", _TRAINING, "Training ran but did not reach the bar. Compare the training and validation curves: if both are "
                  "poor, train longer or with a better learning rate; if only validation is, look at overfitting."),
    Misconception("train-time-limit", _TRAINING, "Training took longer than is allowed. Loops over single images or pixels are the usual reason; "
                  "matrix products do the same work a hundred times faster."),
    Misconception("train-crashed", _TRAINING, "Training stopped with an error, which is shown above with your own lines. Run the script "
                  "yourself with --train-size 1000 to see it sooner."),
    # torch
    Misconception("torch-no-activation", _TORCH, "Nothing non-linear stands between your layers, so the whole network is one linear function. "
                  "Look at what follows each hidden layer."),
    Misconception("torch-wrong-output-size", _TORCH, "Your network does not give ten numbers for an image. The last layer has one output for each "
                  "class."),
    Misconception("torch-layers-not-registered", _TORCH, "Some of your layers are hidden from PyTorch, so it neither trains nor moves nor saves "
                  "them. Plain lists and dicts are not searched; look for the containers that are."),
    Misconception("torch-ann-has-conv", _TORCH, "There is a convolution in the network of part 2, which is to do without. Part 3 is the place."),
    Misconception("torch-cnn-has-no-conv", _TORCH, "There is no convolution in the network of part 3. Linear layers cannot know which pixels are "
                  "neighbours; that is what this part is about."),
    Misconception("torch-softmax-before-loss", _TORCH, "Softmax is applied before the cross-entropy, which applies it itself. Twice is once too "
                  "often: the loss can no longer get near 0 and gradients fade."),
    Misconception("torch-relu-on-logits", _TORCH, "An activation follows your last layer, so no logit can be negative. The output layer's values "
                  "go into the loss as they are."),
    Misconception("torch-no-zero-grad", _TORCH, "Gradients of earlier batches are still in the step: PyTorch adds new gradients to old ones. Something "
                  "has to clear them for every batch."),
    Misconception("torch-no-backward", _TORCH, "No gradients are computed, so the optimizer has nothing to follow. Look at what turns a loss into "
                  "gradients."),
    Misconception("torch-no-step", _TORCH, "Gradients are computed but the parameters stay where they are. Someone has to take the step."),
    Misconception("torch-loss-not-float", _TORCH, "training_step gives back something else than a Python number. A tensor keeps its whole "
                  "computation in memory; look for the method that gives the bare number."),
    Misconception("torch-loss-detached", _TORCH, "The loss has lost its connection to the parameters before backward was called. Look for what "
                  "cuts it: converting to a number too early, detach, no_grad."),
    Misconception("torch-not-in-eval-mode", _TORCH, "Your predictions are made in training mode: dropout still drops and batch normalisation still "
                  "looks at its neighbours. Switch the mode before you predict."),
    Misconception("torch-argmax-axis", _TORCH, "You look for the largest value over the images instead of over the classes. Each row is an image; the "
                  "answer is one label a row."),
    Misconception("torch-predicts-logits", _TORCH, "predict gives ten values for an image instead of one label. Which of the ten is largest is "
                  "what is asked."),
    Misconception("torch-predict-with-gradients", _TORCH, "PyTorch records every operation of your prediction for a backward pass that never "
                  "comes, which costs time and memory. Look for the context that switches it off."),
    # plots
    Misconception("plot-missing", _PLOT, "The plot is not in the submission. The script writes it at the end of its training."),
    Misconception("plot-not-png", _PLOT, "The file is not a PNG picture that can be opened. Hand in the one that the script wrote, unchanged."),
    Misconception("plot-blank", _PLOT, "The picture is empty. Draw after training, when there is a history to draw."),
    Misconception("plot-not-from-this-run", _PLOT, "The plot shows another run than the script you handed in. Run the script as it is now and hand "
                  "in the plot that it writes."),
    # any
    Misconception("not-written", _ANY, "This section is still to be written."),
    Misconception("syntax-error", _ANY, "Python cannot read the script. The line above is where it gave up; the mistake is there or just before."),
    Misconception("wrong-shape", _ANY, "The answer has another shape than is asked for. Print the shapes of what goes in and what comes out."),
    Misconception("wrong-type", _ANY, "The answer is of another type than is asked for."),
    Misconception("not-finite", _ANY, "The answer holds infinities or NaN. Look for divisions by 0, logarithms of 0 and exponentials of large numbers."),
    Misconception("changes-input", _ANY, "An argument was changed on the way. Whoever called you still needs it."),
    Misconception("forbidden-import", _ANY, "The script imports a package that is not allowed here; README, notes, lists those that are."),
    Misconception("raises", _ANY, "Your code raised an error; the lines above are your own, the last one is where it happened."),
)  # fmt: skip

CATALOGUE: dict[str, Misconception] = {entry.id: entry for entry in _ENTRIES}
