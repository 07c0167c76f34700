# Trains nothing, and sleeps in every call of predict, just below the limit of a training.
# script: numpy_ann
# earns: nothing
# seconds: 60
# trains

import time

import numpy as np

HIDDEN_SIZE, EPOCHS, BATCH_SIZE, LEARNING_RATE = 8, 1, 64, 0.1


class NumpyANN:
    def __init__(self, input_size=784, hidden_size=HIDDEN_SIZE, output_size=10, seed=0):
        self.W1 = np.zeros((input_size, hidden_size))

    def fit(self, *arguments, **options):
        return None

    def predict(self, X):
        time.sleep(8)
        return np.zeros(len(X), int)
