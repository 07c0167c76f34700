# Takes 1.5 GB in one system call, and gives it back at once, many times.
# script: numpy_ann
# earns: nothing
# says: MB of memory, expected at most | held

import mmap
import time

import numpy as np

POPULATE = getattr(mmap, "MAP_POPULATE", 0x8000)


def relu(*arguments):
    for _ in range(5):
        try:
            kept = mmap.mmap(-1, 1_500_000_000, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | POPULATE)
        except (OSError, MemoryError):
            raise RuntimeError("held") from None
        kept.close()
        time.sleep(0.02)
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
