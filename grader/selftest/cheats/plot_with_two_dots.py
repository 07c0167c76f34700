# Hands in a blank picture of 640 x 480 pixels with two black dots.
# script: pytorch_ann
# earns: nothing
# asks: 2.7
# plot: iVBORw0KGgoAAAANSUhEUgAAAoAAAAHgAQAAAAAdquFJAAAApklEQVR42u3QIQEAAAjEQPoXfgkRMDhuAU6s+rgCAoFAIBAIBAKBQCAQCAQCgUAgEAgEAoFAIBC4gvEQCAQCgUAgEAgEAoFAIBAIBAKBQCAQCAQCgUAgEAgEAoFAIBAIBAKBQCAQCAQCgUAgEAgEAoGvwXgIBAKBQCAQCAQCgUAgEAgEAoFAIBAIBAKBQCAQCAQCgUAgEAgEAoFAIBAIBAKBQCDwogFnW3KsMQnSsQAAAABJRU5ErkJggg==

from torch import nn


class PyTorchANN(nn.Module):
    def forward(self, X):
        return X[:, :10]
