"""One example after the other, drawn from those that are left."""

import numpy as np


def minibatches(X, Y, size, rng):
    left, xs, ys = list(range(len(X))), [], []
    while left:
        i = left.pop(int(rng.random() * len(left)))
        xs.append(X[i])
        ys.append(Y[i])
        if len(xs) == size or not left:
            yield np.array(xs, dtype=X.dtype), np.array(ys, dtype=Y.dtype)
            xs, ys = [], []
