"""e10: The dense layer, backwards.

Forwards, a dense layer multiplies and adds: out = x W + b. Backwards it is told how much the loss changes with every
entry of its output, dout, and has to say the same of everything that went in. Entry by entry, the chain rule is

    dx[n, d] = sum over m of  dout[n, m] W[d, m]
    dW[d, m] = sum over n of  x[n, d] dout[n, m]
    db[m]    = sum over n of  dout[n, m]

Each is one matrix product or one sum. Shapes are a good guide, every gradient has the shape of what it belongs to,
but not a proof: for a square W a wrong transpose has the right shape as well.

Convention: rows are examples, out = x W + b (PyTorch stores W as (M, D) and writes x W^T; the courses of
deeplearning.ai write W X + b with examples as columns and divide dW and db by the batch size). Nothing is averaged
here: if the loss is a mean, dout holds the 1 / N already.

Shapes: x (N, D), W (D, M), b (M,), dout (N, M) -> dx (N, D), dW (D, M), db (M,).

One example by hand, x = (1, 2), W = (3, 4) as a column, dout = 10: dx = (30, 40), dW = (10, 20), db = 10:

    >>> import numpy as np
    >>> dx, dW, db = dense_backward(
    ...     np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([0.5]), np.array([[10.0]])
    ... )
    >>> print(dx, dW.ravel(), db)
    [[30. 40.]] [10. 20.] [10.]
"""


def dense_backward(x, W, b, dout):
    """The triple (dx, dW, db) for x (N, D), W (D, M), b (M,) and the upstream gradient dout (N, M), all unchanged."""
    dx = dout @ W.T
    dW = x.T @ dout
    db = dout.sum(axis=0)
    return dx, dW, db
