"""e12: Broadcasting, backwards.

When a bias of shape (M,) is added to a batch (N, M), NumPy uses each of its numbers N times. Backwards, everything
that was used several times receives several gradients, and they add up. So the gradient g, which has the broadcast
shape, has to be summed until it has the shape of the operand again:

    result[i] = sum of g over all places to which broadcasting copied the operand's entry i

NumPy lines shapes up from the right. An operand is copied along the axes that it lacks on the left, and along those
of its own axes that have length 1:

    operand       (3, 1)
    broadcast  (2, 3, 4)        copied along the axes of length 2 and 4; sum over both, keep (3, 1)

Convention: sums, never means. The result has exactly the operand's shape, its axes of length 1 included, and g's
dtype.

Shapes: g of the broadcast shape; shape, a tuple, that of the operand; it may be () -> an array of that shape.

By hand, from (2, 3): to (3,) the rows add up, to (2, 1) the columns do:

    >>> import numpy as np
    >>> g = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])
    >>> print(unbroadcast(g, (3,)))
    [11. 22. 33.]
    >>> print(unbroadcast(g, (2, 1)))
    [[ 6.]
     [60.]]
"""


def unbroadcast(g, shape):
    """The gradient g of a broadcast operand, summed to that operand's shape (a tuple); g is left unchanged."""
    missing = g.ndim - len(shape)
    total = g.sum(axis=tuple(range(missing)))
    stretched = tuple(axis for axis, length in enumerate(shape) if length == 1)
    return total.sum(axis=stretched, keepdims=True)
