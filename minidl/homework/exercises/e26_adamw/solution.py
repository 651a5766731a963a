"""e26: AdamW, weight decay beside the gradient.

In Adam a penalty wd p inside the gradient is divided by the root of v like everything else: numbers with steep
gradients hardly decay at all. AdamW (Loshchilov and Hutter 2019) takes the decay out of the gradient and applies it to
p itself; the two averages never hear of it:

    p    = p (1 - lr wd)
    m    = b1 m + (1 - b1) g
    v    = b2 v + (1 - b2) g^2
    mhat = m / (1 - b1^t)
    vhat = v / (1 - b2^t)
    p    = p - lr mhat / (sqrt(vhat) + eps)

Convention: the decay is multiplied by lr and comes before the step, as in PyTorch; eps as in e25. The paper multiplies
it by a schedule's factor only, not by lr.

Shapes: `params` and `grads` are lists of arrays, shape by shape the same; every array has an m and a v of its shape,
and there is one t for all of them.

One step by hand, p = 1, g = 2, lr = 0.1, wd = 0.5: p decays to 0.95; mhat = 2, vhat = 4, so p = 0.95 - 0.1 = 0.85. With
wd in the gradient (e25) it would be 0.9:

    >>> import numpy as np
    >>> p = np.array([1.0])
    >>> AdamW([p], lr=0.1, wd=0.5).step([np.array([2.0])])
    >>> print(p.round(6))
    [0.85]
"""

import numpy as np


class AdamW:
    """Adam with decoupled weight decay."""

    def __init__(self, params, lr=1e-3, b1=0.9, b2=0.999, eps=1e-8, wd=1e-2):
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
            p *= 1 - self.lr * self.wd
            m *= self.b1
            m += (1 - self.b1) * g
            v *= self.b2
            v += (1 - self.b2) * g**2
            mhat = m / (1 - self.b1**self.t)
            vhat = v / (1 - self.b2**self.t)
            p -= self.lr * mhat / (np.sqrt(vhat) + self.eps)
