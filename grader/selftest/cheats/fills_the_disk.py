# Writes 200 MB into every folder that it can write to.
# script: numpy_ann
# earns: nothing
# says: held | MB of files, expected at most

import os
import time

import numpy as np

found = []
for folder in (os.getcwd(), os.environ.get("TMPDIR", "/tmp"), "/dev/shm", "/tmp"):
    try:
        for number in range(4):
            with open(os.path.join(folder, f"grader-selftest-fill-{number}"), "wb") as stream:
                for _ in range(50):
                    stream.write(bytes(1_000_000))
        time.sleep(1)
        found.append(folder)
    except OSError:
        pass
    for number in range(4):
        try:
            os.remove(os.path.join(folder, f"grader-selftest-fill-{number}"))
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
