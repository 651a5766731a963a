"""e30: A penalty on large weights (L2 regularisation).

A network with small weights is a smoother function. The penalty adds half the sum of all squared weights, times lam,
to the loss of the data, and its derivative to the gradients:

    loss    = data_loss + lam / 2 * (sum over all W of sum of W^2)
    dW      = data gradient of W + lam W         for every W
    db      = data gradient of b                 the biases are not penalised

Convention: the half is there so that the derivative is lam W (Ng's courses divide by the number of examples besides,
lam / (2 m)). In some of CS231n's assignments there is no half and the derivative is 2 lam W.

Shapes: params is a dict, weights under names that begin with W ('W1', 'W2', ...), biases under names that begin with b.
data_grads has the same keys, each gradient the shape of its parameter. The result is a pair: the loss, and a dict of
gradients with the same keys. data_grads and params and their arrays stay as they are.

One weight and one bias, lam = 0.5: the penalty is 0.25 * 2^2 = 1, its derivative 0.5 * 2 = 1:

    >>> import numpy as np
    >>> params = {"W1": np.array([[2.0]]), "b1": np.array([3.0])}
    >>> data_grads = {"W1": np.array([[0.1]]), "b1": np.array([0.2])}
    >>> loss, grads = l2_loss_and_grads(4.0, data_grads, params, 0.5)
    >>> print(loss, grads["W1"], grads["b1"])
    5.0 [[1.1]] [0.2]
"""

import numpy as np


def l2_loss_and_grads(data_loss, data_grads, params, lam):
    """The loss with its penalty (a number) and a new dict of gradients, from those of the data alone."""
    weights = [name for name in params if name.startswith("W")]
    penalty = lam / 2 * sum(np.sum(params[name] ** 2) for name in weights)
    grads = dict(data_grads)
    for name in weights:
        grads[name] = data_grads[name] + lam * params[name]
    return data_loss + penalty, grads
