# Hands in a plot of 2 x 1 pixels.
# script: pytorch_ann
# earns: nothing
# asks: 2.7
# plot: iVBORw0KGgoAAAANSUhEUgAAAAIAAAABAQAAAADcWUInAAAACklEQVR42mOoBwAAgQCAfhwpxwAAAABJRU5ErkJggg==

from torch import nn


class PyTorchANN(nn.Module):
    def forward(self, X):
        return X[:, :10]
