# Fills memory that is shared by processes of which none has touched it and still runs.
# script: numpy_ann
# earns: nothing
# asks: 1.2
# says: MB of memory, expected at most | held

import mmap
import os
import time

import numpy as np

ANONYMOUS = mmap.MAP_SHARED | mmap.MAP_ANONYMOUS


def relu(*arguments):
    kept = []
    for _ in range(6):
        try:
            block = mmap.mmap(-1, 200_000_000, ANONYMOUS)
        except (OSError, MemoryError):
            raise RuntimeError("held") from None
        kept.append(block)
        try:
            child = os.fork()
        except OSError:
            raise RuntimeError("held") from None
        if not child:
            for place in range(0, len(block), mmap.PAGESIZE):
                block[place] = 1
            os._exit(0)
        os.waitpid(child, 0)
    time.sleep(1)
    raise RuntimeError("LEAK: 1.2 GB in shared mappings")


relu_derivative = cross_entropy = relu


class NumpyANN:
    def __init__(self, input_size=784, hidden_size=8, output_size=10, seed=0):
        self.W1, self.b1 = np.zeros((input_size, hidden_size)), np.zeros(hidden_size)
        self.W2, self.b2 = np.zeros((hidden_size, output_size)), np.zeros(output_size)

    def forward(self, X):
        return relu(X)

    def backward(self, X, y_true):
        return relu(X)
