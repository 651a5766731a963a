"""e29: Dropout, a network that cannot rely on any single unit.

While it trains, dropout sets every number of its input to zero with probability p, each by a draw of its own, and
anew at every call. What is left is made larger, so that on average the sum stays what it was. In use nothing is
dropped and nothing is scaled.

    training:      out = x * mask / (1 - p)      mask: 1 with probability 1 - p, else 0, in the shape of x
    not training:  out = x

backward is the derivative of what forward did: the same mask, the same factor.

    training:      dx = dout * mask / (1 - p)    the mask of the last forward
    not training:  dx = dout

Convention: "inverted" dropout with p the probability to drop, as in PyTorch, Keras and d2l. C2W1 and CS231n's notes
write the probability to keep (keep_prob, or p). The original paper scales in use by 1 - p and not in training.

Shapes: x, out, dout and dx have one shape, any. x and dout stay as they are. All chance comes from rng
(numpy.random.Generator). training is True at first and is set from outside.

    >>> import numpy as np
    >>> layer = Dropout(0.75, np.random.default_rng(0))
    >>> out = layer.forward(np.ones((100, 100)))
    >>> print(np.unique(out))  # 1 / (1 - 0.75) = 4
    [0. 4.]
    >>> (layer.backward(np.ones((100, 100))) == out).all()
    np.True_
    >>> layer.training = False
    >>> print(layer.forward(np.array([1.0, 2.0, 3.0])))
    [1. 2. 3.]
"""

import numpy as np


class Dropout:
    """A layer that drops each number with probability p while `training` is True."""

    def __init__(self, p, rng):
        """Keep p (0 <= p < 1) and rng; training starts as True."""
        self.p = p
        self.rng = rng
        self.training = True

    def forward(self, x):
        """x, an array of any shape -> what is left of it, a new array or x itself."""
        self.factor = np.ones(x.shape)
        if self.training:
            keep = self.rng.random(x.shape) >= self.p
            self.factor = keep / (1 - self.p)
        return x * self.factor

    def backward(self, dout):
        """The gradient of forward's result -> the gradient of its x."""
        return dout * self.factor
