"""e08: Cross-entropy and its gradient.

How surprised is a classifier by the true class? It gave that class the probability p = softmax(z)[i, y[i]], and its
loss on example i is -log p: 0 where it was certain and right, large where it was certain and wrong.

    loss = mean over the N examples of  -log softmax(z)[i, y[i]]
    dz   = (softmax(z) - onehot(y)) / N

The gradient is as simple as that: the derivative of softmax is already in it. A classifier that knows nothing has
the loss log C: always look at the first loss you print.

With logits of 1000, p may be exactly 0 in floating point and log p infinite, although the loss is just about 1000.
So do not take the logarithm of a softmax: log softmax(z)[i, j] = z[i, j] - log(sum over k of exp(z[i, k])), with the
shift of e07 inside.

Convention: the loss is the mean over the batch, and so is its gradient (the division by N belongs here and nowhere
else). Natural logarithm, labels are class numbers 0 ... C - 1, examples are rows.

Shapes: z (N, C), y (N,) of integers -> loss a number, dz (N, C) of z's dtype.

Two examples by hand: the first has equal logits, so p = 0.5 and loss log 2; the second p = 3 / 4, loss log 4/3:

    >>> import numpy as np
    >>> loss, dz = cross_entropy(np.array([[0.0, 0.0], [np.log(3), 0.0]]), np.array([1, 0]))
    >>> print(round(float(loss), 6), round(float((np.log(2) + np.log(4 / 3)) / 2), 6))
    0.490415 0.490415
    >>> print(dz.round(6))
    [[ 0.25  -0.25 ]
     [-0.125  0.125]]
"""

import numpy as np


def cross_entropy(z, y):
    """The pair (mean loss, dz) of logits z (N, C) and labels y (N,); both are left unchanged."""
    rows = np.arange(len(z))
    shifted = z - z.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -np.mean(log_p[rows, y])
    dz = np.exp(log_p)
    dz[rows, y] -= 1
    dz /= len(z)
    return loss, dz
