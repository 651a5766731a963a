"""e30: a penalty on large weights, in the loss and in its gradients.

Small weights make smooth functions. L2 regularisation adds half of lam times the sum of all squared weights to the
loss, so that each weight is pulled towards zero in proportion to its size:

    loss = data_loss + 1/2 lam sum of w^2 over every entry of every weight array
    dW   = data gradient of W + lam W

Biases are left alone: they shift a unit and do not make it steep.

Convention: the factor 1/2, so that the gradient has none (CS231n). Others write lam sum w^2 with gradient 2 lam w, or
lam / (2 m) with the number of examples m (Ng).

Arguments: `params` and `data_grads` are dicts of arrays with the same keys; a name that starts with W is a weight
(W1, W2, ...), all others (b1, b2, ...) are not. All arguments are left unchanged, arrays and dicts.

By hand, one weight 3 with data gradient 1, data loss 2 and lam = 0.1: loss = 2 + 0.05 * 9 = 2.45, gradient
1 + 0.1 * 3 = 1.3:

    >>> import numpy as np
    >>> params = {"W1": np.array([3.0]), "b1": np.array([5.0])}
    >>> grads = {"W1": np.array([1.0]), "b1": np.array([1.0])}
    >>> loss, grads = l2_loss_and_grads(2.0, grads, params, lam=0.1)
    >>> print(round(float(loss), 6), grads["W1"], grads["b1"])
    2.45 [1.3] [1.]
"""

import numpy as np


def l2_loss_and_grads(data_loss, data_grads, params, lam):
    """The loss with the penalty (a number), and a new dict of gradients with the keys of data_grads."""
    weights = [name for name in params if name.startswith("W")]
    loss = data_loss + 0.5 * lam * sum(np.sum(params[name] ** 2) for name in weights)
    grads = {name: g + lam * params[name] if name in weights else g for name, g in data_grads.items()}
    return loss, grads
