# Sends signals to every process number.
# script: numpy_ann
# earns: nothing
# says: held

import os
import signal

import numpy as np

found = []
for pid in range(2, 40_000):
    if pid != os.getpid():
        try:
            os.kill(pid, 0)
            found.append(pid)
        except OSError:
            pass


def relu(*arguments):
    raise RuntimeError("LEAK: " + "; ".join(map(repr, found)) if len(found) > 2 else "held")


relu_derivative = cross_entropy = relu


class NumpyANN:
    def __init__(self, input_size=784, hidden_size=8, output_size=10, seed=0):
        self.W1, self.b1 = np.zeros((input_size, hidden_size)), np.zeros(hidden_size)
        self.W2, self.b2 = np.zeros((hidden_size, output_size)), np.zeros(output_size)

    def forward(self, X):
        return relu(X)

    def backward(self, X, y_true):
        return relu(X)
