"""AdaDelta number by number: both averages written out as weighted sums over everything so far."""

import math

import numpy as np


class AdaDelta:
    def __init__(self, params, rho=0.9, eps=1e-5):
        self.params, self.rho, self.eps = params, rho, eps
        self.gradients = [{at: [] for at in np.ndindex(p.shape)} for p in params]
        self.updates = [{at: [] for at in np.ndindex(p.shape)} for p in params]

    def average_of_squares(self, values):
        return sum((1 - self.rho) * self.rho**age * x * x for age, x in enumerate(reversed(values)))

    def step(self, grads):
        for p, g, gradients, updates in zip(self.params, grads, self.gradients, self.updates, strict=True):
            for at in np.ndindex(p.shape):
                gradients[at].append(float(g[at]))
                above = self.average_of_squares(updates[at]) + self.eps
                below = self.average_of_squares(gradients[at]) + self.eps
                updates[at].append(math.sqrt(above / below) * float(g[at]))
                p[at] = float(p[at]) - updates[at][-1]
