# Sleeps for nearly the whole time of a training, and then in the calls that test it.
# script: numpy_ann
# earns: nothing
# seconds: 60
# trains

import time

import numpy as np

HIDDEN_SIZE, EPOCHS, BATCH_SIZE, LEARNING_RATE = 8, 1, 64, 0.1


class NumpyANN:
    def __init__(self, input_size=784, hidden_size=HIDDEN_SIZE, output_size=10, seed=0):
        self.W1, self.b1 = np.zeros((input_size, hidden_size)), np.zeros(hidden_size)
        self.W2, self.b2 = np.zeros((hidden_size, output_size)), np.zeros(output_size)

    def forward(self, X):
        time.sleep(4)
        return np.full((len(X), 10), 0.1)

    def backward(self, X, y_true):
        time.sleep(4)
        return {name: np.zeros_like(getattr(self, name)) for name in ("W1", "b1", "W2", "b2")}

    def update(self, gradients, learning_rate):
        time.sleep(4)

    def fit(self, *arguments, **options):
        time.sleep(8)

    def predict(self, X):
        return np.zeros(len(X), int)
