# Connects to this machine over every kind of socket, with a module imported secretly.
# script: numpy_ann
# earns: nothing
# says: held
# quick

import numpy as np

found = []
try:
    _socket = __import__("_soc" + "ket")

    for family, address in (
        (_socket.AF_INET, ("127.0.0.1", 48161)),
        (_socket.AF_UNIX, "\0grader-selftest"),
        (40, (2, 48161)),  # AF_VSOCK
    ):
        try:
            connection = _socket.socket(family, _socket.SOCK_STREAM)
            connection.settimeout(2)
            connection.connect(address)
            connection.send(b"was here")
            found.append(address)
        except OSError:
            pass
except ImportError:
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
