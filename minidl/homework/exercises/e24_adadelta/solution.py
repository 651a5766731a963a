"""e24: AdaDelta, no learning rate at all.

RMSProp divides g by its own usual size, which leaves a pure number; lr has to put the scale back. AdaDelta (Zeiler
2012) takes that scale from the past as well: it keeps a second average d, of the squares of its own updates, and makes
each update about as large as the earlier ones were:

    s = rho s + (1 - rho) g^2
    u = sqrt(d + eps) / sqrt(s + eps) g
    p = p - u
    d = rho d + (1 - rho) u^2

Convention: both roots have eps inside, as in the paper, PyTorch and d2l. The eps in the upper root is what gets it
going: d starts at zero, like s. PyTorch multiplies u by a further lr, whose default is 1.

Shapes: `params` and `grads` are lists of arrays, shape by shape the same; every array has an s and a d of its shape,
and all of the formula goes element by element.

One step by hand, p = 1, g = 2, rho = 0.5, eps = 1: s = 0.5 * 4 = 2, u = sqrt(0 + 1) / sqrt(2 + 1) * 2 = 1.154701, so
p = -0.154701 and d = 0.5 * 1.333333 = 0.666667. With g = 2 again s = 3, u = sqrt(1.666667) / sqrt(4) * 2 = 1.290994:

    >>> import numpy as np
    >>> p = np.array([1.0])
    >>> opt = AdaDelta([p], rho=0.5, eps=1.0)
    >>> opt.step([np.array([2.0])])
    >>> print(p.round(6))
    [-0.154701]
    >>> opt.step([np.array([2.0])])
    >>> print(p.round(6))
    [-1.445695]
"""

import numpy as np


class AdaDelta:
    """Gradient descent with steps in proportion to the size of earlier steps."""

    def __init__(self, params, rho=0.9, eps=1e-5):
        """Keep params (a list of float arrays) and the settings; make two averages per array."""
        self.params = params
        self.rho, self.eps = rho, eps
        self.s = [np.zeros_like(p) for p in params]
        self.d = [np.zeros_like(p) for p in params]

    def step(self, grads):
        """Update every array of params in place from grads (a list of arrays of the same shapes, left unchanged)."""
        for p, s, d, g in zip(self.params, self.s, self.d, grads):
            s *= self.rho
            s += (1 - self.rho) * g**2
            u = np.sqrt(d + self.eps) / np.sqrt(s + self.eps) * g
            p -= u
            d *= self.rho
            d += (1 - self.rho) * u**2
