# Overwrites the scripts and helpers of the other parts.
# script: numpy_ann
# earns: nothing
# says: held

import os

import numpy as np

found = []
here = os.path.dirname(os.path.abspath(__file__))
for name in ("pytorch_ann.py", "utils.py", "worker.py", "protocol.py"):
    try:
        with open(os.path.join(here, name), "a") as stream:
            stream.write("")
        found.append(name)
    except OSError:
        pass
    try:
        os.rename(os.path.join(here, name), os.path.join(here, name + "x"))
        found.append(name)
    except OSError:
        pass


def relu(*arguments):
    raise RuntimeError("LEAK: " + "; ".join(map(repr, found)) if found else "held")


relu_derivative = cross_entropy = relu


class NumpyANN:
    def __init__(self, input_size=784, hidden_size=8, output_size=10, seed=0):
        self.W1, self.b1 = np.zeros((input_size, hidden_size)), np.zeros(hidden_size)
        self.W2, self.b2 = np.zeros((hidden_size, output_size)), np.zeros(output_size)

    def forward(self, X):
        return relu(X)

    def backward(self, X, y_true):
        return relu(X)
