# Changes permissions and dates of files, and limits and priorities of other processes.
# script: numpy_ann
# earns: nothing
# says: held

import os
import resource
import sys

import numpy as np

with open("mine", "w") as stream:
    stream.write("x")
parent = os.getppid()  # 0 where no other process can be seen
tries = {
    "chmod": lambda: os.chmod("mine", 0o777),
    "chown": lambda: os.chown("mine", os.getuid(), os.getgid()),
    "utime": lambda: os.utime("mine", (1, 1)),
    "setxattr": lambda: os.setxattr("mine", "user.x", b"1"),
    "setpriority": lambda: os.setpriority(os.PRIO_PROCESS, parent, 1),
    "priority of a user": lambda: os.setpriority(os.PRIO_USER, os.getuid(), 1),
}
if parent:
    tries["prlimit"] = lambda: resource.prlimit(parent, resource.RLIMIT_CORE, (0, 0))
    tries["sched_setaffinity"] = lambda: os.sched_setaffinity(parent, os.sched_getaffinity(0))
found = []
for name, attempt in tries.items():
    try:
        attempt()
        found.append(name)
    except OSError:
        pass
ctypes = sys.modules.get("ctypes")
if ctypes is not None:
    libc = ctypes.CDLL(None)
    for option in (1, 36):  # to live on without the grader, and to lose sight of children
        if libc.prctl(option, 0, 0, 0, 0) >= 0:
            found.append(f"prctl {option}")


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
