# Creates empty files, which take memory of the kernel, until that is refused.
# script: numpy_ann
# earns: nothing
# asks: 1.2
# says: held | files, expected at most | no answer within

import os
import time

import numpy as np

MANY = 60_000


def relu(*arguments):
    try:
        for number in range(MANY):
            os.close(os.open(f"empty-{number}", os.O_CREAT | os.O_WRONLY))
    except OSError:
        raise RuntimeError("held") from None
    time.sleep(1)
    raise RuntimeError(f"LEAK: {MANY} files")


relu_derivative = cross_entropy = relu


class NumpyANN:
    def __init__(self, input_size=784, hidden_size=8, output_size=10, seed=0):
        self.W1, self.b1 = np.zeros((input_size, hidden_size)), np.zeros(hidden_size)
        self.W2, self.b2 = np.zeros((hidden_size, output_size)), np.zeros(output_size)

    def forward(self, X):
        return relu(X)

    def backward(self, X, y_true):
        return relu(X)
