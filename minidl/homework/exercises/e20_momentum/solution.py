"""e20: Momentum, a step along the average gradient.

In a narrow valley the gradient points across more than along: plain SGD zig-zags. Momentum keeps an exponentially
weighted average v of the gradients and steps along that: what changes its sign from step to step cancels out, what
points the same way every time stays. v starts at zero:

    v = beta v + (1 - beta) g
    p = p - lr v

Convention: v is an average, with (1 - beta) before g, as in Ng's course (C2W2). Other courses write v = mu v - lr g;
p = p + v (CS231n), v = mu v + g; p = p - lr v (PyTorch) or v = mu v + lr g; p = p - v (d2l). These three go the same
way as ours once our lr is multiplied by 1 / (1 - beta), as long as the rate stays constant.

Shapes: `params` and `grads` are lists of arrays, shape by shape the same; every array has a velocity of its shape.

Two steps by hand, p = 1, g = 2 twice, lr = 0.1, beta = 0.9: v = 0.1 * 2 = 0.2 and p = 1 - 0.02 = 0.98; then
v = 0.9 * 0.2 + 0.1 * 2 = 0.38 and p = 0.98 - 0.038 = 0.942:

    >>> import numpy as np
    >>> p = np.array([1.0])
    >>> opt = Momentum([p], lr=0.1, beta=0.9)
    >>> opt.step([np.array([2.0])])
    >>> print(p.round(6))
    [0.98]
    >>> opt.step([np.array([2.0])])
    >>> print(p.round(6))
    [0.942]
"""

import numpy as np


class Momentum:
    """Gradient descent along an exponentially weighted average of the gradients."""

    def __init__(self, params, lr=0.1, beta=0.9):
        """Keep params (a list of float arrays) and the settings; make one velocity per array."""
        self.params = params
        self.lr, self.beta = lr, beta
        self.v = [np.zeros_like(p) for p in params]

    def step(self, grads):
        """Update every array of params in place from grads (a list of arrays of the same shapes, left unchanged)."""
        for p, v, g in zip(self.params, self.v, grads):
            v *= self.beta
            v += (1 - self.beta) * g
            p -= self.lr * v
