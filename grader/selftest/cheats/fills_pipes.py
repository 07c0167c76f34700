# Fills pipes, whose content belongs to no process, by write, splice and (with ctypes) tee.
# script: numpy_ann
# earns: nothing
# says: held

import fcntl
import os

import numpy as np

LARGEST, ALLOWED = 1 << 20, 150_000_000  # bytes of one pipe; of all, 64 MB by Linux's default


def relu(*arguments):
    pipes, inside = [], 0
    try:
        while inside < 2 * ALLOWED:
            pipes.append(os.pipe())
            try:
                fcntl.fcntl(pipes[-1][1], 1031, LARGEST)  # F_SETPIPE_SZ
            except OSError:
                pass
            os.set_blocking(pipes[-1][1], False)
            try:
                while True:
                    inside += os.write(pipes[-1][1], bytes(1 << 16))
            except BlockingIOError:
                pass
            if hasattr(os, "splice") and len(pipes) > 1:
                os.set_blocking(pipes[-2][0], False)
                inside += 0 * os.splice(pipes[-2][0], pipes[-1][1], 1, flags=2)
    except OSError:
        pass
    if inside > ALLOWED:
        raise RuntimeError(f"LEAK: {inside // 1_000_000} MB in {len(pipes)} pipes")
    raise RuntimeError("held")


relu_derivative = cross_entropy = relu


class NumpyANN:
    def __init__(self, input_size=784, hidden_size=8, output_size=10, seed=0):
        self.W1, self.b1 = np.zeros((input_size, hidden_size)), np.zeros(hidden_size)
        self.W2, self.b2 = np.zeros((hidden_size, output_size)), np.zeros(output_size)

    def forward(self, X):
        return relu(X)

    def backward(self, X, y_true):
        return relu(X)
