# Finds the gradients by steps along the imaginary axis, without a backward pass.
# script: numpy_ann
# earns: 1.2 1.3 1.4 1.5
# attack: backward

import numpy as np

STEP = 1e-30


def softmax(z):
    exponentials = np.exp(z - z.real.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def relu(z):
    return np.where(z.real > 0, z, np.zeros_like(z))


def relu_derivative(z):
    return (z > 0).astype(z.dtype)


def cross_entropy(y_true, y_pred):
    return float(-np.sum(y_true * np.log(np.maximum(y_pred, 1e-12))) / len(y_true))


class NumpyANN:
    def __init__(self, input_size=784, hidden_size=8, output_size=10, seed=0):
        rng = np.random.default_rng(seed)
        self.W1 = rng.normal(0, 0.05, (input_size, hidden_size))
        self.b1 = np.zeros(hidden_size)
        self.W2 = rng.normal(0, 0.3, (hidden_size, output_size))
        self.b2 = np.zeros(output_size)

    def forward(self, X):
        self.z1 = X @ self.W1 + self.b1
        self.a1 = relu(self.z1)
        self.z2 = self.a1 @ self.W2 + self.b2
        self.a2 = softmax(self.z2)
        return self.a2

    def loss(self, X, y_true, W1, b1, W2, b2):
        return -np.sum(y_true * np.log(softmax(relu(X @ W1 + b1) @ W2 + b2)))

    def backward(self, X, y_true):
        names = ("W1", "b1", "W2", "b2")
        weights = {name: np.asarray(getattr(self, name), complex) for name in names}
        gradients = {}
        for name in names:
            gradients[name] = np.zeros(weights[name].shape)
            for place in np.ndindex(weights[name].shape):
                weights[name][place] += 1j * STEP
                gradients[name][place] = self.loss(X, y_true, **weights).imag / STEP
                weights[name][place] = weights[name][place].real
        return gradients
