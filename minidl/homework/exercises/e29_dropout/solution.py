"""e29: inverted dropout, forward and backward.

While a network trains, dropout sets each number of a layer to zero with probability p, anew in every forward pass, so
that no unit can rely on one other unit (Srivastava et al. 2014). The numbers that stay are divided by 1 - p: then the
layer's mean is what it is without dropout, and nothing has to be done when the network is used. Backward, a number
that was dropped passes no gradient, and one that stayed passes it with the same factor:

    mask = (random >= p) / (1 - p)        one random number in [0, 1) for every entry of x
    y    = mask * x
    dx   = mask * dy                      the mask of the last forward pass

With training = False both passes return what they get.

Convention: p is the probability of dropping, as in PyTorch and Keras; CS231n and the paper call p the probability of
keeping. "Inverted" means scaled in training; the paper scales when the network is used instead.

Shapes: x of any shape, dy of the same. Random numbers come from rng (a numpy Generator), one `rng.random(x.shape)` in
each forward pass in training, none otherwise.

By hand, x = (1, 2), p = 0.5 and random numbers 0.2 and 0.7: the first is dropped, the second doubled:

    >>> import numpy as np
    >>> class Given:
    ...     def random(self, shape):
    ...         return np.array([0.2, 0.7])
    >>> layer = Dropout(0.5, Given())
    >>> print(layer.forward(np.array([1.0, 2.0])))
    [0. 4.]
    >>> print(layer.backward(np.array([10.0, 10.0])))
    [ 0. 20.]
    >>> layer.training = False
    >>> print(layer.forward(np.array([1.0, 2.0])))
    [1. 2.]
"""

import numpy as np


class Dropout:
    """A layer that drops numbers at random while `training` is True, which it is at first."""

    def __init__(self, p, rng):
        """p: the probability of dropping, 0 <= p < 1. rng: where random numbers come from."""
        self.p, self.rng = p, rng
        self.training = True
        self.mask = None

    def forward(self, x):
        """y, an array like x, which is left unchanged."""
        if not self.training:
            return x
        keep = self.rng.random(x.shape) >= self.p
        self.mask = (keep / (1 - self.p)).astype(x.dtype)
        return x * self.mask

    def backward(self, dout):
        """dx, the gradient at the input of the last forward pass, from dout, the one at its output (unchanged)."""
        if not self.training:
            return dout
        return dout * self.mask
