"""e13: An autograd engine, the chain rule done by the computer.

A T holds an array and remembers from which T it was computed, so that an expression such as (x * w + b).tanh() becomes
a graph. loss.backward() walks that graph from the loss to the leaves (the T that you made yourself) and leaves
d(sum of loss) / d(leaf) in the .grad of every leaf.

Each operation needs to know one thing: given the gradient g of its result, what its operands receive.

    x + y    x: g               y: g                x.exp()     g * exp(x)
    x - y    x: g               y: -g               x.log()     g / x
    x * y    x: g * y           y: g * x            x.tanh()    g * (1 - tanh(x)^2)
    x @ y    x: g @ y.T         y: x.T @ g          x.relu()    g where x > 0, else 0
    x ** n   g * n * x^(n-1)                        x.sum()     g for every entry that was added up
                                                    x.mean()    g / (number of entries), for every entry

Four things to get right:
  * What a T receives from several places adds up: in x * x, or in x * w + x, no share may replace another.
  * A T passes its gradient on when it has received all of it: first the loss, then what it was computed from, each T
    after everything that uses it (the reverse of a topological order).
  * Where NumPy broadcast an operand, its gradient is summed back to the operand's shape (e12, copy it from there).
  * A graph may be thousands of operations deep, and Python allows about a thousand calls inside one another: loop.

Convention: backward() begins with ones in the shape of its T, so for an array it differentiates the sum (PyTorch asks
for a scalar or for that array). Calling it again adds to the leaves, as in PyTorch: two calls on one graph give
exactly twice the gradient of a leaf. What lies between begins afresh at every call.

Shapes: .data and .grad have the same shape. The operands of @ are matrices, n is a number, the other operands are T.
axis is None (the sum of everything) or the number of one axis, which disappears.

By hand: f = x * y + x with x = 3, y = 4 has df/dx = y + 1 = 5 and df/dy = x = 3:

    >>> x, y = T(3.0), T(4.0)
    >>> f = x * y + x
    >>> f.backward()
    >>> print(f.data, x.grad, y.grad)
    15.0 5.0 3.0
"""

import numpy as np


class T:
    """An array that remembers how it was computed."""

    def __init__(self, data, parents=()):
        """Keep data (a number, list or array) as an array of floats, a gradient of zeros, and the operands."""
        self.data = np.asarray(data, dtype=np.float64)
        self.grad = np.zeros_like(self.data)
        self.parents = parents
        self._pass_on = lambda: None

    def _receive(self, g):
        self.grad = self.grad + _unbroadcast(g, self.data.shape)

    def __add__(self, o):
        """self + o, entry by entry, with broadcasting."""
        out = T(self.data + o.data, (self, o))

        def pass_on():
            self._receive(out.grad)
            o._receive(out.grad)

        out._pass_on = pass_on
        return out

    def __sub__(self, o):
        """self - o, entry by entry, with broadcasting."""
        out = T(self.data - o.data, (self, o))

        def pass_on():
            self._receive(out.grad)
            o._receive(-out.grad)

        out._pass_on = pass_on
        return out

    def __mul__(self, o):
        """self * o, entry by entry, with broadcasting."""
        out = T(self.data * o.data, (self, o))

        def pass_on():
            self._receive(out.grad * o.data)
            o._receive(out.grad * self.data)

        out._pass_on = pass_on
        return out

    def __matmul__(self, o):
        """The matrix product of self (N, D) and o (D, M)."""
        out = T(self.data @ o.data, (self, o))

        def pass_on():
            self._receive(out.grad @ o.data.T)
            o._receive(self.data.T @ out.grad)

        out._pass_on = pass_on
        return out

    def __pow__(self, n):
        """Every entry to the power n, a number."""
        out = T(self.data**n, (self,))
        out._pass_on = lambda: self._receive(out.grad * n * self.data ** (n - 1))
        return out

    def exp(self):
        """e to the power of every entry."""
        out = T(np.exp(self.data), (self,))
        out._pass_on = lambda: self._receive(out.grad * out.data)
        return out

    def log(self):
        """The natural logarithm of every entry."""
        out = T(np.log(self.data), (self,))
        out._pass_on = lambda: self._receive(out.grad / self.data)
        return out

    def tanh(self):
        """The hyperbolic tangent of every entry."""
        out = T(np.tanh(self.data), (self,))
        out._pass_on = lambda: self._receive(out.grad * (1 - out.data**2))
        return out

    def relu(self):
        """The larger of 0 and every entry."""
        out = T(np.maximum(self.data, 0), (self,))
        out._pass_on = lambda: self._receive(out.grad * (self.data > 0))
        return out

    def sum(self, axis=None):
        """The sum of all entries, or along one axis, which disappears."""
        out = T(self.data.sum(axis=axis), (self,))

        def pass_on():
            g = out.grad
            if axis is not None:
                g = np.expand_dims(g, axis)
            self._receive(np.broadcast_to(g, self.data.shape))

        out._pass_on = pass_on
        return out

    def mean(self):
        """The mean of all entries."""
        out = T(self.data.mean(), (self,))
        out._pass_on = lambda: self._receive(np.full(self.data.shape, out.grad / self.data.size))
        return out

    def backward(self):
        """Add d(sum of self) / d(leaf) to the .grad of every leaf that self was computed from."""
        order = _operands_first(self)
        for t in order:
            if t.parents:
                t.grad = np.zeros_like(t.data)
        self.grad = np.ones_like(self.data)
        for t in reversed(order):
            t._pass_on()


def _operands_first(root):
    order, seen = [], {id(root)}
    path = [(root, iter(root.parents))]
    while path:
        t, unseen = path[-1]
        for p in unseen:
            if id(p) not in seen:
                seen.add(id(p))
                path.append((p, iter(p.parents)))
                break
        else:
            order.append(t)
            path.pop()
    return order


def _unbroadcast(g, shape):
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    stretched = tuple(axis for axis, n in enumerate(shape) if n == 1)
    return g.sum(axis=stretched, keepdims=True)
