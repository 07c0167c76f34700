# Tries to create a namespace in which it would be root.
# script: numpy_ann
# earns: nothing
# says: held

import os

import numpy as np

found = []
if hasattr(os, "unshare"):  # Python 3.12
    try:
        os.unshare(os.CLONE_NEWUSER)
        found.append("user namespace")
    except OSError:
        pass
for call in (
    lambda: os.setuid(0), lambda: os.setgroups([0]), lambda: os.chroot("/"), lambda: os.setgid(0)
):
    try:
        call()
        found.append("rights of root")
    except OSError:
        pass


def relu(*arguments):
    raise RuntimeError("LEAK: " + "; ".join(map(repr, found)) if found else "held")


relu_derivative = cross_entropy = relu


class NumpyANN:
    def __init__(self, input_size=784, hidden_size=8, output_size=10, seed=0):
        self.W1, self.b1 = np.zeros((input_size, hidden_size)), np.zeros(hidden_size)
        self.W2, self.b2 = np.zeros((hidden_size, output_size)), np.zeros(output_size)

    def forward(self, X):
        return relu(X)

    def backward(self, X, y_true):
        return relu(X)
