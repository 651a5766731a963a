"""Checks of e31."""

import math

import numpy as np

from minidl.homework.check import Check

LEARNED = "a loss below 0.5 after 250 steps"


def _batch(N, D, H, C, scale=1.0):
    def inputs(rng):
        shapes = {"W1": (D, H), "b1": (H,), "W2": (H, C), "b2": (C,)}
        return {
            "x": np.round(rng.normal(size=(N, D)), 2), "y": rng.integers(0, C, N), "sizes": (D, H, C),
            "params": {name: np.round(rng.normal(size=s), 2) * scale for name, s in shapes.items()},
        }  # fmt: skip

    return inputs


def _large(rng):
    """One sample with logits of thousands, for which its own class, the last, has no probability left."""
    inputs = _batch(6, 3, 5, 4)(rng)
    inputs["params"]["W1"][:, 0] = np.where(inputs["x"][0] < 0, -1, 1)
    inputs["params"]["W2"][:, 0] = 5
    inputs["params"]["W2"][0, 3] = -5
    inputs["x"][0] = 500 * (inputs["x"][0] + np.where(inputs["x"][0] < 0, -1, 1))
    inputs["y"][0] = 3
    return inputs


def _net(code, inputs):
    net = code.TwoLayerNet(*inputs["sizes"], np.random.default_rng(0))
    for name, w in inputs["params"].items():
        net.params[name][...] = w
    return net


def loss(code, inputs):
    value, grads = _net(code, inputs).loss(inputs["x"], inputs["y"])
    return {"loss": value, "gradients": grads}


def follows_params(code, inputs):
    """Two batches through one net, its arrays changed in place between them, as an optimizer does."""
    net = _net(code, inputs)
    first, grads = net.loss(inputs["x"], inputs["y"])
    grads = {name: np.array(g) for name, g in grads.items()}
    for name, g in grads.items():
        net.params[name] -= 0.1 * g
    second, more = net.loss(inputs["x"][:-1], inputs["y"][:-1])
    return {"first loss": first, "loss after a step": second, "gradients after a step": more, "params": net.params}


def beginning(code, inputs):
    net = code.TwoLayerNet(*inputs["sizes"], np.random.default_rng(inputs["seed"]))
    same = code.TwoLayerNet(*inputs["sizes"], np.random.default_rng(inputs["seed"]))
    again = code.TwoLayerNet(*inputs["sizes"], np.random.default_rng(inputs["seed"] + 1))
    weights = {name: np.asarray(net.params[name]) for name in ("W1", "W2")}
    return {
        "shapes": {name: np.shape(w) for name, w in net.params.items()},
        "dtypes": {name: str(np.asarray(w).dtype) for name, w in net.params.items()},
        "biases": {name: np.array(net.params[name]) for name in ("b1", "b2")},
        "weights that are zero": {k: int((w == 0).sum()) for k, w in weights.items()},
        "all weights of a layer differ": {k: len(np.unique(w)) == w.size for k, w in weights.items()},
        "the same rng gives the same weights": {k: bool(np.array_equal(w, same.params[k])) for k, w in weights.items()},
        "weights depend on rng": {k: not np.array_equal(w, again.params[k]) for k, w in weights.items()},
    }


def by_heart(code, inputs):
    """250 steps of gradient descent on 20 examples, from the net's own first weights."""
    net = code.TwoLayerNet(*inputs["sizes"], np.random.default_rng(inputs["seed"]))
    value = math.inf
    for _ in range(250):
        value, grads = net.loss(inputs["x"], inputs["y"])
        for name in net.params:
            net.params[name] -= grads[name]
    return {LEARNED: bool(value < 0.5)}


def _beginning_inputs(rng):
    return {"sizes": (4, 6, 3), "seed": int(rng.integers(1000))}


def _twenty(rng):
    return {
        "x": rng.normal(size=(20, 4)), "y": rng.integers(0, 3, 20), "sizes": (4, 40, 3), "seed": int(rng.integers(1000))
    }  # fmt: skip


CHECKS = [
    Check("one sample, two hidden units", _batch(1, 2, 2, 2), loss),
    Check("a batch of seven", _batch(7, 4, 5, 3), loss),
    Check("N == D == H == C", _batch(4, 4, 4, 4), loss),
    Check("one sample with logits of thousands", _large, loss),
    Check("a step between two calls", _batch(5, 3, 4, 3), follows_params),
    Check("the first parameters", _beginning_inputs, beginning),
    Check("twenty examples learned by heart", _twenty, by_heart, expect=lambda inputs: {LEARNED: True}),
]
