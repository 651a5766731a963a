"""Dropout number by number; backward is forward again on numbers of size one, with the draws remembered."""

import numpy as np


class Dropout:
    def __init__(self, p, rng):
        self.p, self.rng, self.training, self.slopes = p, rng, True, [1.0]

    def forward(self, x):
        out, slopes = [], []
        for value in x.ravel():
            dropped = self.training and self.rng.uniform() < self.p
            slopes.append(0.0 if dropped else 1 / (1 - self.p) if self.training else 1.0)
            out.append(value * slopes[-1])
        self.slopes = slopes
        return np.array(out).reshape(x.shape)

    def backward(self, dout):
        return np.array([d * s for d, s in zip(dout.ravel(), self.slopes, strict=True)]).reshape(dout.shape)
