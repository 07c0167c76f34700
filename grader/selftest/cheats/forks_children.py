# Starts more processes than allowed, and leaves them running.
# script: numpy_ann
# earns: nothing
# says: held | MB of memory, expected at most

import os
import time

import numpy as np


def relu(*arguments):
    started = 0
    for _ in range(600):
        try:
            if os.fork() == 0:
                try:
                    os.setsid()
                except OSError:
                    pass
                time.sleep(60)
                os._exit(0)
            started += 1
        except OSError:
            raise RuntimeError("held") from None
    raise RuntimeError("LEAK: 600 processes")


relu_derivative = cross_entropy = relu


class NumpyANN:
    def __init__(self, input_size=784, hidden_size=8, output_size=10, seed=0):
        self.W1, self.b1 = np.zeros((input_size, hidden_size)), np.zeros(hidden_size)
        self.W2, self.b2 = np.zeros((hidden_size, output_size)), np.zeros(output_size)

    def forward(self, X):
        return relu(X)

    def backward(self, X, y_true):
        return relu(X)
