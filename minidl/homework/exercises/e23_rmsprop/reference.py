"""RMSProp number by number: the average written out as a weighted sum over all squares so far."""

import math

import numpy as np


class RMSProp:
    def __init__(self, params, lr=0.1, rho=0.9, eps=1e-8):
        self.params, self.lr, self.rho, self.eps, self.seen = params, lr, rho, eps, []

    def step(self, grads):
        self.seen.append([np.array(g, dtype=np.float64) for g in grads])
        for i, p in enumerate(self.params):
            for at in np.ndindex(p.shape):
                newest_first = [float(gs[i][at]) for gs in reversed(self.seen)]
                s = sum((1 - self.rho) * self.rho**age * g * g for age, g in enumerate(newest_first))
                p[at] = float(p[at]) - self.lr * newest_first[0] / (math.sqrt(s) + self.eps)
