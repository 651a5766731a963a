"""The five functions entry by entry, in Python's own numbers."""

import itertools
import math

import numpy as np


def flatten_columns(images):
    m, shape = images.shape[0], images.shape[1:]
    columns = np.zeros((math.prod(shape), m), dtype=images.dtype)
    for i in range(m):
        for row, at in enumerate(itertools.product(*(range(n) for n in shape))):
            columns[row, i] = images[(i, *at)]
    return columns


def scale(images):
    out = np.zeros(images.shape)
    for at in np.ndindex(images.shape):
        out[at] = int(images[at]) / 255
    return out


def standardize(train, test):
    one, two = np.zeros_like(train), np.zeros_like(test)
    for j in range(train.shape[1]):
        column = [float(v) for v in train[:, j]]
        mu = math.fsum(column) / len(column)
        variance = math.fsum((v - mu) ** 2 for v in column) / len(column)
        sigma = math.sqrt(variance) if variance > 0 else 1.0
        one[:, j] = [(v - mu) / sigma for v in column]
        two[:, j] = [(float(v) - mu) / sigma for v in test[:, j]]
    return one, two


def one_hot(y, k):
    return np.array([[1.0 if c == label else 0.0 for c in range(k)] for label in y])


def accuracy(scores, y):
    right = 0
    for row, label in zip(scores, y, strict=True):
        right += all(row[label] >= other for other in row)
    return right / len(y)
