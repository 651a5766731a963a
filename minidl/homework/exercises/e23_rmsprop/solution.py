"""e23: RMSProp, a divisor that forgets.

AdaGrad's sum only grows, and after many steps hardly anything moves. RMSProp (Hinton's course, 2012) replaces the sum
by an exponentially weighted average of the squares: old gradients are forgotten, the divisor follows the gradients'
present size:

    s = rho s + (1 - rho) g^2
    p = p - lr g / (sqrt(s) + eps)

Convention: eps stands outside the root, as in CS231n and PyTorch; d2l and TensorFlow write sqrt(s + eps). s starts at
zero and is not corrected for that, so the first steps are long: 1 / sqrt(1 - rho) times lr.

Shapes: `params` and `grads` are lists of arrays, shape by shape the same; every array has an average s of its shape,
and all of the formula goes element by element.

Two steps by hand, p = 1, g = 3 then 1, lr = 0.1, rho = 0.5, eps = 0: s = 4.5 and p = 1 - 0.1 * 3/2.121320 = 0.858579;
then s = 2.25 + 0.5 = 2.75 and p = 0.858579 - 0.1 * 1/1.658312 = 0.798276:

    >>> import numpy as np
    >>> p = np.array([1.0])
    >>> opt = RMSProp([p], lr=0.1, rho=0.5, eps=0.0)
    >>> opt.step([np.array([3.0])])
    >>> print(p.round(6))
    [0.858579]
    >>> opt.step([np.array([1.0])])
    >>> print(p.round(6))
    [0.798276]
"""

import numpy as np


class RMSProp:
    """Gradient descent with steps divided by the root of an average of the squared gradients."""

    def __init__(self, params, lr=0.1, rho=0.9, eps=1e-8):
        """Keep params (a list of float arrays) and the settings; make one average per array."""
        self.params = params
        self.lr, self.rho, self.eps = lr, rho, eps
        self.s = [np.zeros_like(p) for p in params]

    def step(self, grads):
        """Update every array of params in place from grads (a list of arrays of the same shapes, left unchanged)."""
        for p, s, g in zip(self.params, self.s, grads):
            s *= self.rho
            s += (1 - self.rho) * g**2
            p -= self.lr * g / (np.sqrt(s) + self.eps)
