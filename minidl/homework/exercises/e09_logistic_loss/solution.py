"""e09: The logistic loss: yes or no.

Cat or not: one logit z per example, and the probability of "yes" is s = sigmoid(z) = 1 / (1 + exp(-z)). The loss is
-log s where the label is 1 and -log(1 - s) where it is 0 (binary cross-entropy):

    loss = mean over the N examples of  -(y log s + (1 - y) log(1 - s))
    dz   = (s - y) / N

At z = 1000 the sigmoid is exactly 1 in floating point, and log(1 - s) infinite, although the loss is just 1000. The
same loss without a logarithm of 0:

    max(z, 0) - z y + log(1 + exp(-|z|))

Convention: mean over the batch in the loss and in the gradient, natural logarithm, labels 0 and 1 (some courses use
-1 and 1, and then write log(1 + exp(-y z))). z is a column (N, 1), as a dense layer returns it. Labels come as a
column (N, 1) or as a plain row of numbers (N,): look at shapes before you subtract, since NumPy spreads
(N, 1) - (N,) to N x N without a word, and the net then learns the mean label.

Shapes: z (N, 1), y (N,) or (N, 1) -> loss a number, dz (N, 1) of z's dtype.

Two examples by hand, s = 0.5 and s = 3 / 4: losses -log 0.5 and -log(1 - 0.75), that is log 2 and log 4:

    >>> import numpy as np
    >>> loss, dz = bce(np.array([[0.0], [np.log(3)]]), np.array([1.0, 0.0]))
    >>> print(round(float(loss), 6), round(float((np.log(2) + np.log(4)) / 2), 6))
    1.039721 1.039721
    >>> print(dz.round(6))
    [[-0.25 ]
     [ 0.375]]
"""

import numpy as np


def bce(z, y):
    """The pair (mean loss, dz) of logits z (N, 1) and labels y, (N,) or (N, 1); both are left unchanged."""
    labels = y.reshape(-1, 1)
    tail = np.exp(-np.abs(z))
    loss = np.mean(np.maximum(z, 0) - z * labels + np.log1p(tail))
    s = np.where(z >= 0, 1, tail) / (1 + tail)
    dz = (s - labels) / len(z)
    return loss, dz
