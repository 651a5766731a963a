"""Both number by number, on what is handed over alone: no optimizer and no operation of minidl."""

import math

import numpy as np


class PowerSign:
    def __init__(self, params, lr=0.1, beta=0.9):
        self.params, self.lr, self.beta, self.seen = params, lr, beta, []

    def step(self):
        self.seen.append([p.grad.numpy() for p in self.params])
        newest = len(self.seen) - 1
        for i, p in enumerate(self.params):
            kind = p.data.dtype.type
            for at in np.ndindex(p.shape):
                history = [float(grads[i][at]) for grads in self.seen]
                mean = math.fsum((1 - self.beta) * self.beta ** (newest - k) * g for k, g in enumerate(history))
                g = history[-1]
                if g and mean:
                    far = math.e if (g > 0) == (mean > 0) else 1 / math.e
                    p.data[at] = kind(float(p.data[at]) - self.lr * far * g)
                else:
                    p.data[at] = kind(float(p.data[at]) - self.lr * g)


class _Plain:
    """Holds an array where a Tensor would: .data, .grad."""

    def __init__(self, data):
        self.data, self.grad, self.shape, self.dtype, self.requires_grad = data, None, data.shape, data.dtype, True


class PReLU:
    def __init__(self, num_features, start=0.25, dtype="float32"):
        self.weight = _Plain(np.full(num_features, start, dtype=dtype))

    def __call__(self, x):
        slopes, out = self.weight.data, x.data.copy()
        for n, d in np.ndindex(out.shape):
            if out[n, d] < 0:
                out[n, d] = slopes[d] * out[n, d]
        result = _Plain(out)

        def backward(upstream):
            dx, dweight = upstream.copy(), np.zeros_like(slopes)
            for n, d in np.ndindex(out.shape):
                if x.data[n, d] < 0:
                    dx[n, d] = upstream[n, d] * slopes[d]
                    dweight[d] += upstream[n, d] * x.data[n, d]
            x.grad, self.weight.grad = dx, dweight

        result.backward = backward
        return result
