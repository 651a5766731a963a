"""e25: Adam, two running averages and their corrections.

Adam keeps two exponentially weighted averages per number: m of the gradient, as Momentum does, and v of its
square, as RMSProp does. Both begin at zero and are therefore too small at first; dividing by 1 - b1^t and
1 - b2^t makes up for it, where t counts the steps from 1 (Kingma and Ba 2015, algorithm 1):

    g    = g + wd p                       (L2 penalty: in the gradient)
    m    = b1 m + (1 - b1) g
    v    = b2 v + (1 - b2) g^2
    mhat = m / (1 - b1^t)
    vhat = v / (1 - b2^t)
    p    = p - lr mhat / (sqrt(vhat) + eps)

Convention: eps stands outside the root and is added after the correction, as in the paper's algorithm and in PyTorch.
TensorFlow and Keras add it to the root of the uncorrected v ("epsilon hat"), which is another rule.

Shapes: `params` and `grads` are lists of arrays, shape by shape the same; every array has an m and a v of its shape,
there is one t for all of them, and all of the formula goes element by element.

One step by hand, p = 1, g = 2, lr = 0.1: mhat = 2, vhat = 4, so p = 1 - 0.1 * 2 / 2 = 0.9:

    >>> import numpy as np
    >>> p = np.array([1.0])
    >>> Adam([p], lr=0.1).step([np.array([2.0])])
    >>> print(p.round(6))
    [0.9]
"""

import numpy as np


class Adam:
    """Adam on a list of arrays of any shapes."""

    def __init__(self, params, lr=1e-3, b1=0.9, b2=0.999, eps=1e-8, wd=0.0):
        """Keep params (a list of float arrays) and the settings; make the state."""
        self.params = params
        self.lr, self.b1, self.b2, self.eps, self.wd = lr, b1, b2, eps, wd
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]
        self.t = 0

    def step(self, grads):
        """Update every array of params in place from grads (a list of arrays of the same shapes, left unchanged)."""
        self.t += 1
        for p, m, v, g in zip(self.params, self.m, self.v, grads):
            g = g + self.wd * p
            m *= self.b1
            m += (1 - self.b1) * g
            v *= self.b2
            v += (1 - self.b2) * g**2
            mhat = m / (1 - self.b1**self.t)
            vhat = v / (1 - self.b2**self.t)
            p -= self.lr * mhat / (np.sqrt(vhat) + self.eps)
