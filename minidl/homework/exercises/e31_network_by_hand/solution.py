"""e31: a network by hand, two layers, forward and backward.

Everything so far in one class: a dense layer (e10), ReLU (e11), a second dense layer, softmax and cross-entropy (e07,
e08), and the chain rule from the loss back to every parameter:

    h      = max(0, x W1 + b1)            (N, H)
    z      = h W2 + b2                    (N, C), the logits
    loss   = mean over the rows of -log softmax(z)[y]
    dz     = (softmax(z) - onehot(y)) / N
    dW2    = h^T dz,    db2 = sum of dz over the rows
    dh     = dz W2^T,   where h is 0 no gradient passes
    dW1    = x^T dh,    db1 = sum of dh over the rows

Convention: samples are rows, weights (in, out); C2W2 has samples in columns and W (out, in). The loss is a mean, so
that the gradients do not grow with the batch. Logits may be as large as 1000.

The first weights come from rng (a numpy Generator), different for every unit; He's rule of e14 is a good choice. The
first biases are zero. `loss` reads the arrays of `params` anew at each call, since an optimizer changes them in place,
and changes neither them nor its arguments.

By hand, one sample x = (1, 2), every weight 1, every bias 0, two classes, y = 0: h = 3, z = (3, 3), each class has
probability 1/2, the loss is log 2, dz = (-1/2, 1/2), dW2 = 3 dz, and dh = -1/2 + 1/2 = 0:

    >>> import numpy as np
    >>> net = TwoLayerNet(2, 1, 2, np.random.default_rng(0))
    >>> for name in ("W1", "W2"):
    ...     net.params[name][...] = 1
    >>> loss, grads = net.loss(np.array([[1.0, 2.0]]), np.array([0]))
    >>> print(round(float(loss), 6))
    0.693147
    >>> print(grads["W2"].round(6), grads["b2"].round(6), grads["W1"].round(6).tolist())
    [[-1.5  1.5]] [-0.5  0.5] [[0.0], [0.0]]
"""

import numpy as np


class TwoLayerNet:
    """D inputs, H hidden units with ReLU, C classes."""

    def __init__(self, D, H, C, rng):
        """Make .params, a dict of float64 arrays: W1 (D, H), b1 (H,), W2 (H, C), b2 (C,)."""
        self.params = {
            "W1": rng.normal(size=(D, H)) * np.sqrt(2 / D),
            "b1": np.zeros(H),
            "W2": rng.normal(size=(H, C)) * np.sqrt(2 / H),
            "b2": np.zeros(C),
        }

    def loss(self, x, y):
        """(loss, grads): the mean softmax loss of x (N, D), labels y (N,) integers, and a dict like params."""
        W1, b1, W2, b2 = (self.params[name] for name in ("W1", "b1", "W2", "b2"))
        rows = np.arange(len(x))

        a = x @ W1 + b1
        h = np.maximum(a, 0)
        z = h @ W2 + b2

        z = z - z.max(axis=1, keepdims=True)
        logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        loss = -logp[rows, y].mean()

        dz = np.exp(logp)
        dz[rows, y] -= 1
        dz /= len(x)
        dh = dz @ W2.T
        da = dh * (a > 0)
        grads = {"W1": x.T @ da, "b1": da.sum(axis=0), "W2": h.T @ dz, "b2": dz.sum(axis=0)}
        return loss, grads
