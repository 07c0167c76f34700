# Allocates 1.5 GB, in pieces and in children.
# script: numpy_ann
# earns: nothing
# says: MB of memory, expected at most

import os
import time

import numpy as np


def relu(*arguments):
    for _ in range(3):
        if os.fork() == 0:
            kept = [bytearray(b"x" * 50_000_000) for _ in range(10)]
            time.sleep(20)
            os._exit(len(kept))
    time.sleep(10)
    raise RuntimeError("LEAK: 1.5 GB")


relu_derivative = cross_entropy = relu


class NumpyANN:
    def __init__(self, input_size=784, hidden_size=8, output_size=10, seed=0):
        self.W1, self.b1 = np.zeros((input_size, hidden_size)), np.zeros(hidden_size)
        self.W2, self.b2 = np.zeros((hidden_size, output_size)), np.zeros(output_size)

    def forward(self, X):
        return relu(X)

    def backward(self, X, y_true):
        return relu(X)
