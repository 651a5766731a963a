"""e31: A network by hand, two layers from the weights to the gradients.

Everything from part 1 in one class: a dense layer, a ReLU, a second dense layer, softmax and cross-entropy, and the way
back through all of them without an engine.

    h      = relu(x W1 + b1)                         (N, H)
    z      = h W2 + b2                               (N, C), the scores: no ReLU behind them
    p      = softmax of every row of z
    loss   = mean of -log p[i, y_i]

    dz     = (p - onehot(y)) / N
    dW2    = h^T dz         db2 = column sums of dz
    dh     = dz W2^T        with zeros where h was cut off by the ReLU
    dW1    = x^T dh         db1 = column sums of dh

Convention: examples are rows, W has shape (inputs, units), the loss is a mean, so that every gradient holds a 1 / N
(once, in dz). C1W2 keeps examples in columns. The softmax has to stand scores in the thousands (e07, e08).

Shapes: x (N, D) floats, y (N,) integers 0 ... C - 1; params 'W1' (D, H), 'b1' (H,), 'W2' (H, C), 'b2' (C,). They begin
as in e14: He's normal numbers from rng for the weights, zeros for the biases. loss() reads self.params at every call,
since an optimizer changes them in place. It changes nothing itself.

With all weights zero every class has probability 1 / C, so that the loss is log 3 for three classes:

    >>> import numpy as np
    >>> net = TwoLayerNet(4, 5, 3, np.random.default_rng(0))
    >>> net.params["W2"][...] = 0
    >>> loss, grads = net.loss(np.ones((2, 4)), np.array([0, 2]))
    >>> print(f"{loss:.4f}")
    1.0986
    >>> print(grads["b2"].round(4))  # 1/3 - 1/2, 1/3, 1/3 - 1/2
    [-0.1667  0.3333 -0.1667]
    >>> {name: g.shape for name, g in sorted(grads.items())}
    {'W1': (4, 5), 'W2': (5, 3), 'b1': (5,), 'b2': (3,)}
"""

import numpy as np


class TwoLayerNet:
    """A dense layer, ReLU and a dense layer, with its loss."""

    def __init__(self, D, H, C, rng):
        """Make params for D inputs, H hidden units and C classes; all chance comes from rng."""
        self.params = {
            "W1": rng.normal(0, np.sqrt(2 / D), (D, H)),
            "b1": np.zeros(H),
            "W2": rng.normal(0, np.sqrt(2 / H), (H, C)),
            "b2": np.zeros(C),
        }

    def loss(self, x, y):
        """x (N, D), y (N,) -> the mean loss (a number) and a dict of the gradients, with the keys of params."""
        W1, b1, W2, b2 = (self.params[name] for name in ("W1", "b1", "W2", "b2"))
        N = len(x)
        h = np.maximum(x @ W1 + b1, 0)
        z = h @ W2 + b2
        z = z - z.max(axis=1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        right = np.arange(N), y
        loss = -log_p[right].mean()

        dz = np.exp(log_p)
        dz[right] -= 1
        dz = dz / N
        dh = dz @ W2.T
        dh = dh * (h > 0)
        dW1, db1 = x.T @ dh, dh.sum(axis=0)
        dW2, db2 = h.T @ dz, dz.sum(axis=0)
        return loss, {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
