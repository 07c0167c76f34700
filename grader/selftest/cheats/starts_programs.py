# Runs a shell, the interpreter and the loader.
# script: numpy_ann
# earns: nothing
# says: held

import os

import numpy as np

found = []
for program in ("/bin/sh", "/usr/bin/env", "/usr/bin/python3", "/bin/busybox", "/sbin/init"):
    try:
        pid = os.posix_spawn(program, [program, "-c", "exit 7"], {})
        if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7:
            found.append(program)
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
