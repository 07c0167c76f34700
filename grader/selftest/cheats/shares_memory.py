# Allocates memory that belongs to no process.
# script: numpy_ann
# earns: nothing
# says: held

import fcntl
import mmap
import os

import numpy as np

found = []



def memfd():
    os.ftruncate(os.memfd_create("x"), 1 << 30)


def large_pipe():
    fcntl.fcntl(os.pipe()[1], 1031, 1 << 20)  # F_SETPIPE_SZ


def locks():
    fcntl.lockf(open("locked", "w"), fcntl.LOCK_EX)


def spliced():
    if not hasattr(os, "splice"):
        raise OSError("needs Linux")
    os.splice(os.open("locked", os.O_RDWR | os.O_CREAT), os.pipe()[1], 4096)


def shared():
    kept = []
    while len(kept) < 30:
        kept.append(mmap.mmap(-1, 50_000_000))
        kept[-1][::4096] = bytes(len(kept[-1][::4096]))


for way in (memfd, large_pipe, locks, spliced, shared):
    try:
        way()
        found.append(way.__name__)
    except (OSError, MemoryError, ValueError):
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
