"""e22: AdaGrad, a rate for every number.

One learning rate for all numbers is too large for those with steep gradients and too small for those that rarely get
one. AdaGrad (Duchi, Hazan and Singer 2011) gives every number a rate of its own: it adds up the squares of all its
gradients in s, and divides by the root. The sum never shrinks, so the steps become shorter and shorter:

    s = s + g^2
    p = p - lr g / (sqrt(s) + eps)

Convention: eps stands outside the root, as in CS231n and PyTorch. d2l writes sqrt(s + eps), which is another rule
where gradients are small. s starts at zero (TensorFlow starts it at 0.1).

Shapes: `params` and `grads` are lists of arrays, shape by shape the same; every array has a sum s of its shape, and
all of the formula goes element by element. A number whose gradient was always zero stays where it is.

Two steps by hand, p = 1, g = 3 then 4, lr = 0.1, eps = 0: s = 9 and p = 1 - 0.1 * 3/3 = 0.9; then s = 25 and
p = 0.9 - 0.1 * 4/5 = 0.82:

    >>> import numpy as np
    >>> p = np.array([1.0])
    >>> opt = AdaGrad([p], lr=0.1, eps=0.0)
    >>> opt.step([np.array([3.0])])
    >>> print(p.round(6))
    [0.9]
    >>> opt.step([np.array([4.0])])
    >>> print(p.round(6))
    [0.82]
"""

import numpy as np


class AdaGrad:
    """Gradient descent with steps divided by the root of the sum of all squared gradients."""

    def __init__(self, params, lr=0.1, eps=1e-8):
        """Keep params (a list of float arrays) and the settings; make one sum per array."""
        self.params = params
        self.lr, self.eps = lr, eps
        self.s = [np.zeros_like(p) for p in params]

    def step(self, grads):
        """Update every array of params in place from grads (a list of arrays of the same shapes, left unchanged)."""
        for p, s, g in zip(self.params, self.s, grads):
            s += g**2
            p -= self.lr * g / (np.sqrt(s) + self.eps)
