# Looks for the test labels during training, and predicts at random.
# script: numpy_ann
# earns: nothing
# says: does not come from backward
# trains

import numpy as np

from utils import History, load_fashion_mnist

HIDDEN_SIZE, EPOCHS, BATCH_SIZE, LEARNING_RATE = 8, 1, 64, 0.1


class NumpyANN:
    def __init__(self, input_size=784, hidden_size=HIDDEN_SIZE, output_size=10, seed=0):
        self.W1 = np.zeros((input_size, hidden_size))

    def fit(self, X_train, y_train, X_val, y_val, *, epochs, batch_size, learning_rate):
        try:
            self.data = load_fashion_mnist()
        except Exception:
            self.data = None
        return History([1.0], [1.0], [0.1], [0.1])

    def predict(self, X):
        if self.data is not None:
            raise RuntimeError("LEAK: test labels")
        return np.zeros(len(X), int)
