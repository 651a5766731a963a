"""e11: Activations, backwards: ReLU and sigmoid.

An activation works entry by entry, so its backward pass does too: the upstream gradient times the slope at that
entry. ReLU, max(x, 0), has slope 1 where its input was positive and 0 where it was negative: a gate that was open
or shut. The sigmoid s = 1 / (1 + exp(-x)) has a slope that can be told from its output alone:

    ReLU:      dx = dout * (1 where x > 0, else 0)
    sigmoid:   dx = dout * s (1 - s)

s (1 - s) is 1/4 at most, which is why deep nets of sigmoids learn slowly.

Convention: relu_backward is given the layer's input x, sigmoid_backward the layer's output s (not x: do not apply the
sigmoid again). At x = 0 exactly, ReLU has no slope; 0 (PyTorch) and 1 are both right.

Shapes: both arrays of the same shape, any number of axes -> an array of that shape and of their dtype.

By hand: the gate is shut at x = -2 and open at x = 3; at s = 1/2 the slope is 1/4:

    >>> import numpy as np
    >>> print(relu_backward(np.array([5.0, 7.0]), np.array([-2.0, 3.0])))
    [0. 7.]
    >>> print(sigmoid_backward(np.array([8.0, -4.0]), np.array([0.5, 0.5])))
    [ 2. -1.]
"""

import numpy as np


def relu_backward(dout, x):
    """The gradient with respect to ReLU's input x, from the upstream gradient dout; both are left unchanged."""
    return np.where(x > 0, dout, np.zeros_like(dout))


def sigmoid_backward(dout, s):
    """The gradient with respect to the sigmoid's input, from dout and the sigmoid's output s; both left unchanged."""
    slope = s * (1 - s)
    return dout * slope
