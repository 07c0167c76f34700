# Sleeps in every call, just below the limit of a call, and answers wrongly at the last.
# script: numpy_ann
# earns: nothing
# asks: 1.2 1.5
# seconds: 60

import time

import numpy as np

calls = []


def relu(*arguments):
    time.sleep(4)
    calls.append(1)
    return np.maximum(arguments[0], 0) if len(calls) < 12 else 0


relu_derivative = cross_entropy = relu


class NumpyANN:
    def __init__(self, input_size=784, hidden_size=8, output_size=10, seed=0):
        self.W1, self.b1 = np.zeros((input_size, hidden_size)), np.zeros(hidden_size)
        self.W2, self.b2 = np.zeros((hidden_size, output_size)), np.zeros(output_size)

    def forward(self, X):
        return relu(X)

    def backward(self, X, y_true):
        return relu(X)
