# Trains nothing, and returns learning curves that it made up, with the judgement that fits them.
# script: pytorch_ann
# earns: nothing
# says: history | curves | test accuracy
# asks: 2.5 2.6
# trains

import torch
from torch import nn

from utils import History

EPOCHS, BATCH_SIZE, LEARNING_RATE, HIDDEN_SIZE = 1, 64, 0.1, 16
JUDGEMENT = "generalizing"


class PyTorchANN(nn.Module):
    def __init__(self, seed=0):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 10))

    def forward(self, X):
        return self.layers(X)

    def predict(self, X):
        self.eval()
        with torch.no_grad():
            return self(X).argmax(dim=1)

    def fit(self, X_train, y_train, X_val, y_val, *, epochs, batch_size, device):
        return History([0.6, 0.4], [0.6, 0.4], [0.8, 0.88], [0.8, 0.87])
