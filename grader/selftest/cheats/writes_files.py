# Leaves files wherever it can, beside itself and in temporary folders.
# script: numpy_ann
# earns: nothing
# says: held
# quick

import os

import numpy as np

found = []
here = os.path.dirname(os.path.abspath(__file__))
folders = ("/", "/tmp", "/var/tmp", "/dev/shm", "/root", "/home", "/usr/lib")
for folder in (*folders, here, os.path.dirname(here)):
    path = os.path.join(folder, "grader-selftest-was-here")
    try:
        with open(path, "w") as stream:
            stream.write("x")
        found.append(path)
    except OSError:
        pass
files = ("/proc/sys/kernel/core_pattern", "/proc/self/oom_score_adj", "/proc/sys/vm/drop_caches")
for path in files:
    try:
        with open(path, "r+") as stream:
            before = stream.read()
            stream.write(before)
            stream.flush()
        if path.startswith("/proc/sys"):
            found.append(path)
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
