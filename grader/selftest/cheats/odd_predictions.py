# Predicts numbers that are no labels.
# script: numpy_ann
# earns: nothing
# says: not labels
# trains

import numpy as np

HIDDEN_SIZE, EPOCHS, BATCH_SIZE, LEARNING_RATE = 8, 1, 64, 0.1


class NumpyANN:
    def __init__(self, input_size=784, hidden_size=HIDDEN_SIZE, output_size=10, seed=0):
        pass

    def fit(self, *arguments, **options):
        return None

    def predict(self, X):
        return np.full(len(X), np.nan)
