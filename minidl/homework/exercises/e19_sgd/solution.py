"""e19: SGD, a step against the gradient.

An optimizer holds the arrays of a network and knows nothing else about it. Backpropagation hands it one gradient per
array; it moves every number a little against its gradient, and the loss falls. Weight decay adds the gradient of the
penalty wd/2 * sum(p^2), which pulls every number towards zero:

    g = g + wd p
    p = p - lr g

Convention: wd is an L2 penalty and goes into the gradient, so that its pull is lr wd p (PyTorch's `weight_decay`,
CS231n's `reg`). Keras's `weight_decay` takes the same pull off p directly, which for plain SGD is the same rule.

Shapes: `params` is a list of float arrays of any shapes, `grads` a list of arrays of the same shapes. The network holds
the same arrays, so they must change in place: a new array would be unknown to the network.

One step by hand, p = 2, g = 3, lr = 0.1, wd = 0.5: g + wd p = 4, so p = 2 - 0.1 * 4 = 1.6:

    >>> import numpy as np
    >>> p = np.array([2.0])
    >>> SGD([p], lr=0.1, wd=0.5).step([np.array([3.0])])
    >>> print(p)
    [1.6]
"""

import numpy as np


class SGD:
    """Stochastic gradient descent on a list of arrays of any shapes."""

    def __init__(self, params, lr=0.1, wd=0.0):
        """Keep params (a list of float arrays) and the settings."""
        self.params = params
        self.lr, self.wd = lr, wd

    def step(self, grads):
        """Update every array of params in place from grads (a list of arrays of the same shapes, left unchanged)."""
        for p, g in zip(self.params, grads):
            p -= self.lr * (g + self.wd * p)
