"""AdaGrad number by number: the root of the sum is the length of the list of all gradients so far."""

import math

import numpy as np


class AdaGrad:
    def __init__(self, params, lr=0.1, eps=1e-8):
        self.params, self.lr, self.eps, self.seen = params, lr, eps, []

    def step(self, grads):
        self.seen.append([np.array(g, dtype=np.float64) for g in grads])
        for i, p in enumerate(self.params):
            for at in np.ndindex(p.shape):
                history = [float(gs[i][at]) for gs in self.seen]
                p[at] = float(p[at]) - self.lr * history[-1] / (math.hypot(*history) + self.eps)
