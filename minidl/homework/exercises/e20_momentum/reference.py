"""Momentum number by number: the average written out as a weighted sum over all gradients so far."""

import numpy as np


class Momentum:
    def __init__(self, params, lr=0.1, beta=0.9):
        self.params, self.lr, self.beta, self.seen = params, lr, beta, []

    def step(self, grads):
        self.seen.append([np.array(g, dtype=np.float64) for g in grads])
        for i, p in enumerate(self.params):
            for at in np.ndindex(p.shape):
                newest_first = [float(gs[i][at]) for gs in reversed(self.seen)]
                v = sum((1 - self.beta) * self.beta**age * g for age, g in enumerate(newest_first))
                p[at] = float(p[at]) - self.lr * v
