"""e06: The numerical gradient, and how to compare two gradients.

Every gradient derived by hand can be checked against one that needs no derivation: move one entry of x a little
up and a little down, and see how much f changes.

    g[i] = (f(x with x[i] + h) - f(x with x[i] - h)) / (2 h)        for every entry i, one at a time

It costs two calls of f per entry, so it is a check and not a way to train. Two gradients a and n agree where

    rel_error(a, n) = the largest of  |a[i] - n[i]| / max(1e-8, |a[i]| + |n[i]|)

is tiny: 1e-7 or less is right, 1e-2 is wrong.

Convention: the difference is centred, with an error of the order of h^2 (the one-sided (f(x + h) - f(x)) / h has h).
The sum |a| + |n| below is that of CS231n's assignments; its notes write max(|a|, |n|), and the course C2W1 takes the
norms of whole gradients, in which one wrong entry of a million drowns. The floor 1e-8 makes 0 against 0 an error of
0 and not 0 / 0. Where a or n holds a nan, the result is nan: an error that is never below any tolerance.

On f = sum(x^3) at x = (1, 2) with h = 0.5, by hand: (1.5^3 - 0.5^3) / 1 = 3.25 and (2.5^3 - 1.5^3) / 1 = 12.25.
And rel_error((1, -2), (1, -3)) is 1 / 5:

    >>> import numpy as np
    >>> print(numeric_grad(lambda x: np.sum(x**3), np.array([1.0, 2.0]), h=0.5))
    [ 3.25 12.25]
    >>> round(float(rel_error(np.array([1.0, -2.0]), np.array([1.0, -3.0]))), 6)
    0.2
"""

import numpy as np


def numeric_grad(f, x, h=1e-5):
    """The centred numerical gradient of f at x: an array of x's shape, float64.

    f(x) returns a number for an array of x's shape; x is a float64 array of any shape. x may be written to on the way,
    but it ends as it began, to the last bit: put the old value back (+ h - 2 h + h does not give it back exactly).
    """
    g = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        kept = x[place]
        x[place] = kept + h
        above = f(x)
        x[place] = kept - h
        below = f(x)
        x[place] = kept
        g[place] = (above - below) / (2 * h)
    return g


def rel_error(a, n):
    """The largest relative error between two arrays of the same shape, a number; both are left unchanged."""
    distance = np.abs(a - n)
    size = np.abs(a) + np.abs(n)
    return np.max(distance / np.maximum(size, 1e-8))
