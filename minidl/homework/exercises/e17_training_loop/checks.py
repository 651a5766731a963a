"""Checks of e17: a small model and its optimizer, on which every step can be followed.

The model is w . x, its loss the mean of (w . x - y)^2. In training mode its weights count half: a loop that leaves the
mode as it is gets other numbers. backward adds to the gradient, as an engine does.
"""

import numpy as np

from minidl.homework.check import Check


class Model:
    def __init__(self, w):
        self.w, self.grad, self.training = w.copy(), np.zeros_like(w), False
        self.last, self.backwards, self.asked = None, 0, []

    def loss(self, x, y):
        scale = 0.5 if self.training else 1.0
        error = scale * (x @ self.w) - y
        self.last = scale * 2 * error @ x / len(x)
        return float((error**2).mean())

    def backward(self):
        if self.last is None:
            raise RuntimeError("model.backward() needs a model.loss(x, y) before it")
        self.grad += self.last
        self.backwards += 1

    def accuracy(self):
        self.asked.append("training" if self.training else "not training")
        return float(1 / (1 + np.exp(-(2.0 if self.training else 1.0) * self.w.sum())))


class Descent:
    """Momentum, so that a step taken twice, or with a gradient of zeros, does not go unseen."""

    def __init__(self, model, lr=0.1):
        self.model, self.lr, self.v, self.steps = model, lr, np.zeros_like(model.w), 0

    def zero_grad(self):
        self.model.grad[...] = 0

    def step(self):
        self.steps += 1
        self.v = 0.5 * self.v + self.model.grad
        self.model.w -= self.lr * self.v


def _inputs(lengths, epochs, features=2, digits=None):
    def inputs(rng):
        X, Y, w = rng.normal(size=(sum(lengths), features)), rng.normal(size=sum(lengths)), rng.normal(size=features)
        if digits is not None:
            X, Y, w = (np.round(a, digits) for a in (X, Y, w))
        return {"X": X, "Y": Y, "w": w, "lengths": list(lengths), "epochs": epochs}

    return inputs


def _run(code, inputs, as_list=False):
    """Every pass begins at another batch, so that a pass over the same batches again would be seen."""
    ends = np.cumsum(inputs["lengths"])
    pieces = [(inputs["X"][a:b], inputs["Y"][a:b]) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    passes: list[int] = []

    def batches():
        k = len(passes) % len(pieces)
        passes.append(k)
        turned = pieces[k:] + pieces[:k]
        return turned if as_list else iter(turned)

    model = Model(inputs["w"])
    opt = Descent(model)
    history = code.fit(model, opt, batches, inputs["epochs"])
    return {
        "history": history,
        "weights at the end": model.w,
        "calls of model.backward": model.backwards,
        "calls of opt.step": opt.steps,
        "calls of batches": len(passes),
        "mode when model.accuracy is asked": model.asked,
    }


def _run_on_list(code, inputs):
    return _run(code, inputs, as_list=True)


CHECKS = [
    Check("one epoch of one batch", _inputs([2], 1, 1, 1), _run_on_list),
    Check("one epoch of batches of 2 and 1 examples", _inputs([2, 1], 1, 1, 1), _run_on_list),
    Check("two epochs of batches of 2 and 1 examples", _inputs([2, 1], 2, 1, 1), _run_on_list),
    Check("three epochs of batches of 4, 4 and 2 examples", _inputs([4, 4, 2], 3), _run),
    Check("five epochs of batches of 3, 3, 3 and 1 examples", _inputs([3, 3, 3, 1], 5, 3), _run),
]
