"""Nesterov number by number, in the two-point form: the ball's own position x, and p = x + mu v where it looks."""

import numpy as np


class Nesterov:
    def __init__(self, params, lr=0.1, mu=0.9):
        self.params, self.lr, self.mu = params, lr, mu
        self.ball = [p.astype(np.float64) for p in params]
        self.speed = [np.zeros(p.shape) for p in params]

    def step(self, grads):
        for p, x, v, g in zip(self.params, self.ball, self.speed, grads, strict=True):
            for at in np.ndindex(p.shape):
                v[at] = self.mu * v[at] - self.lr * float(g[at])
                x[at] = x[at] + v[at]
                p[at] = x[at] + self.mu * v[at]
