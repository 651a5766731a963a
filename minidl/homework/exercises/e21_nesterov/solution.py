"""e21: Nesterov momentum, a look ahead before the step.

A ball that rolls with velocity v will be near p + mu v anyway. Nesterov's idea: take the gradient there, so that the
correction comes before the overshoot and not after it. The array p that the network holds IS that looked-ahead point,
so the gradient g is already the one wanted; each step takes back the old look-ahead, moves, and looks ahead again:

    v_prev = v
    v      = mu v - lr g
    p      = p - mu v_prev + (1 + mu) v

Convention: CS231n's form, with lr inside v and no factor (1 - mu). Written out, the last line is also
p = p + mu v - lr g (Sutskever, Keras), and with v = mu v + g it is p = p - lr (g + mu v) (PyTorch): the same path, and
right here too, as long as the rate stays constant.

Shapes: `params` and `grads` are lists of arrays, shape by shape the same; every array has a velocity of its shape,
zero at first.

Two steps by hand, p = 1, g = 2 twice, lr = 0.1, mu = 0.5: v = -0.2 and p = 1 - 0 + 1.5 * (-0.2) = 0.7; then
v_prev = -0.2, v = -0.1 - 0.2 = -0.3 and p = 0.7 + 0.1 - 0.45 = 0.35:

    >>> import numpy as np
    >>> p = np.array([1.0])
    >>> opt = Nesterov([p], lr=0.1, mu=0.5)
    >>> opt.step([np.array([2.0])])
    >>> print(p.round(6))
    [0.7]
    >>> opt.step([np.array([2.0])])
    >>> print(p.round(6))
    [0.35]
"""

import numpy as np


class Nesterov:
    """Momentum whose gradients are those of the point that the velocity leads to."""

    def __init__(self, params, lr=0.1, mu=0.9):
        """Keep params (a list of float arrays) and the settings; make one velocity per array."""
        self.params = params
        self.lr, self.mu = lr, mu
        self.v = [np.zeros_like(p) for p in params]

    def step(self, grads):
        """Update every array of params in place from grads (a list of arrays of the same shapes, left unchanged)."""
        for p, v, g in zip(self.params, self.v, grads):
            v_prev = v.copy()
            v *= self.mu
            v -= self.lr * g
            p += (1 + self.mu) * v - self.mu * v_prev
