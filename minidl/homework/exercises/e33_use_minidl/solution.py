"""e33: two parts of your own in minidl, an optimizer and a layer.

PowerSign (Bello et al. 2017, "Neural Optimizer Search with Reinforcement Learning") was found by a search over
formulas. It keeps a moving average m of the gradient g, and steps e times as far where the two agree in sign, and only
1/e times as far where they do not:

    m = beta m + (1 - beta) g
    w = w - lr exp(sign(g) sign(m)) g

PReLU (He et al. 2015, "Delving Deep into Rectifiers") is a leaky ReLU that learns its slopes, one for each feature d:

    y[n, d] = x[n, d]             where x[n, d] > 0
    y[n, d] = weight[d] x[n, d]   elsewhere

Convention: m holds this step's g already when its sign is taken; exp(0) = 1 where either sign is 0. The paper also
decays the exponent over time; here it stays. PyTorch's PReLU has one slope for all features unless told otherwise;
here there is always one for each.

In minidl an optimizer is its rule on plain arrays, changed in place, and the base class does the rest: `state` names
the arrays that it keeps for every parameter, zeros at first, and `update` gets them after w and g. A layer is a Module:
a Tensor with requires_grad=True among its attributes is a parameter, and minidl.relu, minidl.minimum, minidl.where,
+, -, * and so on know their derivatives.

One step from w = 1 with g = 2 and lr = 0.1: m = 0.2, the signs agree, so w = 1 - 0.1 * 2.718... * 2 = 0.4563:

    >>> w = minidl.Tensor([1.0], requires_grad=True, dtype="float64")
    >>> w.grad = np.array([2.0])
    >>> PowerSign([w], lr=0.1).step()
    >>> print(w.data.round(4))
    [0.4563]
    >>> print(PReLU(2)([[-4.0, 3.0]]).data)
    [[-1.  3.]]

minidl.optim.check_optimizer(PowerSign) and minidl.gradcheck tell more while you are at it; the grader asks them too.
"""

import numpy as np

import minidl


class PowerSign(minidl.optim.Optimizer):
    """w <- w - lr exp(sign(g) sign(m)) g, with m the moving average of g"""

    state = ("m",)

    def __init__(self, params, lr=0.1, beta=0.9):
        """Hand params and the settings to the base class: super().__init__(params, lr=lr, beta=beta)."""
        super().__init__(params, lr=lr, beta=beta)

    def update(self, w, g, m, *, lr, beta):
        """One step: w and m (arrays of one shape) are changed in place, g is not."""
        m *= beta
        m += (1 - beta) * g
        w -= lr * np.exp(np.sign(g) * np.sign(m)) * g


class PReLU(minidl.nn.Module):
    """x where positive, weight * x elsewhere; weight (num_features,) is learned"""

    def __init__(self, num_features, start=0.25, dtype="float32"):
        """Make self.weight: a Tensor of shape (num_features,), every slope is `start`."""
        self.weight = minidl.Tensor([start] * num_features, requires_grad=True, dtype=dtype)

    def forward(self, x):
        """x: a Tensor (N, num_features); returns one of the same shape and dtype."""
        return minidl.relu(x) - self.weight * minidl.relu(-x)
