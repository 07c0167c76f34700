# Raises an error whose message would clear a terminal and run in a browser.
# script: numpy_ann
# earns: nothing
# says: script>alert(1)

import numpy as np


class Error(Exception):
    pass


Error.__name__ = "<img src=x onerror=alert(1)>"


def relu(*arguments):
    print("\x1b[2J\x1b]0;owned\x07")
    raise Error("\x1b[2J\x1b[31m</pre><script>alert(1)</script>%s{0}\u202e")


relu_derivative = cross_entropy = relu


class NumpyANN:
    def __init__(self, input_size=784, hidden_size=8, output_size=10, seed=0):
        self.W1, self.b1 = np.zeros((input_size, hidden_size)), np.zeros(hidden_size)
        self.W2, self.b2 = np.zeros((hidden_size, output_size)), np.zeros(output_size)

    def forward(self, X):
        return relu(X)

    def backward(self, X, y_true):
        return relu(X)
