# Allocates 1.5 GB, in pieces, and in children where it may start some.
# script: numpy_ann
# earns: nothing
# says: needs more memory than | MB of memory, expected at most

import os
import time

import numpy as np


def relu(*arguments):
    try:
        children = [os.fork() for _ in range(2)]
    except OSError:
        children = [1]
    kept = [bytearray(b"x" * 50_000_000) for _ in range(30 // len(children))]
    time.sleep(5)
    raise RuntimeError(f"LEAK: 1.5 GB in {len(kept)} pieces")


relu_derivative = cross_entropy = relu


class NumpyANN:
    def __init__(self, input_size=784, hidden_size=8, output_size=10, seed=0):
        self.W1, self.b1 = np.zeros((input_size, hidden_size)), np.zeros(hidden_size)
        self.W2, self.b2 = np.zeros((hidden_size, output_size)), np.zeros(output_size)

    def forward(self, X):
        return relu(X)

    def backward(self, X, y_true):
        return relu(X)
