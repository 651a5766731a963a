"""SGD number by number, in Python's own arithmetic."""

import numpy as np


class SGD:
    def __init__(self, params, lr=0.1, wd=0.0):
        self.params, self.keep, self.lr = params, 1 - lr * wd, lr

    def step(self, grads):
        for p, g in zip(self.params, grads, strict=True):
            for at in np.ndindex(p.shape):
                p[at] = self.keep * float(p[at]) - self.lr * float(g[at])
