"""e05: Newton's method, and how large an update is.

Gradient descent knows the slope and needs a rate. Newton's method also knows the curvature h = f'' and so needs
none: it jumps to where the slope would be zero if the function were a parabola.

    x = x - grad(x) / hess(x)

It converges in one step on a parabola and very fast near a minimum; where the curvature is negative it goes to a
maximum, since it seeks a zero of the slope and cannot tell the two apart.

The second function answers whether a learning rate is in the right region: how large is an update beside the
weights it changes? CS231n's rule of thumb is about 1e-3.

    update_ratio = |step| / |w|      with |a| = sqrt(sum of all a^2)

Convention: the curvature is used as it is, with its sign and without damping. |a| is the Euclidean norm over all
entries, whatever the shape (for a matrix also called the Frobenius norm); step is the whole update, rate included.

On f = x^3 / 3 - 4 x, where grad = x^2 - 4 and hess = 2 x, from x = 4 by hand: 4 - 12 / 8 = 2.5, then
2.5 - 2.25 / 5 = 2.05. And the step (0.03, 0.04) beside w = (3, 4) is 0.05 / 5:

    >>> round(newton(lambda x: x**2 - 4, lambda x: 2 * x, 4.0, 2), 6)
    2.05
    >>> import numpy as np
    >>> round(update_ratio(np.array([3.0, 4.0]), np.array([0.03, 0.04])), 6)
    0.01
"""

import numpy as np


def newton(grad, hess, x, steps):
    """Make that many Newton steps from x and return the last x.

    grad(x) and hess(x) return the slope and the curvature at x; x is a float, steps is a count and may be 0.
    """
    for _ in range(steps):
        slope, curvature = grad(x), hess(x)
        x = x - slope / curvature
    return x


def update_ratio(w, step):
    """The norm of step divided by the norm of w, a float; both are arrays of the same shape, left unchanged."""
    size_of_step = np.sqrt(np.sum(step**2))
    size_of_w = np.sqrt(np.sum(w**2))
    return float(size_of_step / size_of_w)
