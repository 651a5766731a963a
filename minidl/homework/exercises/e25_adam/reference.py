"""Adam number by number: the averages written out as sums over all gradients so far."""

import math

import numpy as np


class Adam:
    def __init__(self, params, lr=1e-3, b1=0.9, b2=0.999, eps=1e-8, wd=0.0):
        self.params, self.settings, self.seen = params, (lr, b1, b2, eps, wd), []

    def step(self, grads):
        lr, b1, b2, eps, wd = self.settings
        self.seen.append([np.array(g, dtype=np.float64) + wd * p for p, g in zip(self.params, grads, strict=True)])
        t = len(self.seen)
        for i, p in enumerate(self.params):
            for at in np.ndindex(p.shape):
                history = [float(gs[i][at]) for gs in self.seen]
                mean = sum((1 - b1) * b1 ** (t - 1 - k) * g for k, g in enumerate(history)) / (1 - b1**t)
                square = sum((1 - b2) * b2 ** (t - 1 - k) * g * g for k, g in enumerate(history)) / (1 - b2**t)
                p[at] -= lr * mean / (math.sqrt(square) + eps)
