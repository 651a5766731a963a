"""Dropout entry by entry."""

import numpy as np


class Dropout:
    def __init__(self, p, rng):
        self.p, self.rng, self.training, self.kept = p, rng, True, None

    def forward(self, x):
        if not self.training:
            return np.array(x)
        drawn = self.rng.random(x.shape)
        self.kept = [at for at in np.ndindex(x.shape) if not drawn[at] < self.p]
        return self._pass(x)

    def backward(self, dout):
        return self._pass(dout) if self.training else np.array(dout)

    def _pass(self, x):
        y = np.zeros_like(x)
        for at in self.kept:
            y[at] = x[at] / (1 - self.p)
        return y
