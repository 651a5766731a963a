"""e16: Mini-batches, the training set in another order every epoch.

Stochastic gradient descent sees the training set in small pieces. For every epoch the examples are put in a random
order and cut into pieces of `size`; each example comes exactly once, and each with its own label. When size does not
divide the number of examples m, the last piece holds what is left: it is smaller, neither dropped nor filled up.

    order = a random permutation of 0 ... m - 1
    batch k = the examples order[k size], ..., order[(k + 1) size - 1]        k = 0, 1, ..., ceil(m / size) - 1

Convention: an example is a row (the first index) of X and of Y. C2W2 keeps examples in columns. PyTorch's DataLoader
has drop_last=True for the other rule about the last batch.

Shapes: X (m, ...) and Y (m, ...) give pairs (x, y) of shapes (size, ...) and (size, ...). X and Y themselves stay in
their order. All chance comes from rng (numpy.random.Generator), which goes on from call to call, so that a call with
the same rng gives another order.

Five examples in batches of two (x holds the numbers of the examples, y their labels):

    >>> import numpy as np
    >>> X, Y = np.arange(5), np.array([0, 10, 20, 30, 40])
    >>> batches = list(minibatches(X, Y, 2, np.random.default_rng(0)))
    >>> [len(x) for x, y in batches]
    [2, 2, 1]
    >>> all((y == 10 * x).all() for x, y in batches)
    True
"""

import numpy as np


def minibatches(X, Y, size, rng):
    """Yield pairs (x, y) of at most size examples, every example once, in a random order."""
    order = np.arange(len(X))
    rng.shuffle(order)
    for start in range(0, len(order), size):
        chosen = order[start : start + size]
        yield X[chosen], Y[chosen]
