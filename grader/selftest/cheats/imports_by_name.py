# Imports forbidden modules and packages without an import statement.
# script: numpy_ann
# earns: nothing
# says: held

import importlib
import sys

import numpy as np

# A mutant of this may run in part 2, which may import torch and has what torch needs.
ABSENT = ("rich", "grader", "pytest", *(() if "torch" in sys.modules else ("torch", "jinja2")))

found = []
for name in ("subprocess", *ABSENT):
    try:
        module = importlib.import_module(name)
    except (ImportError, OSError):
        continue
    if name == "subprocess":
        try:
            found.append(module.run(["/bin/sh", "-c", "echo was here"], capture_output=True).stdout)
        except OSError:
            pass
    else:
        found.append(name)


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
