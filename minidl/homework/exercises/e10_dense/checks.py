"""Checks of e10: batches and layers of several shapes, with random upstream gradients."""

import numpy as np

from minidl.homework.check import Check


def _layer(n, d, m, dtype=np.float64):
    def inputs(rng):
        shapes = {"x": (n, d), "W": (d, m), "b": (m,), "dout": (n, m)}
        return {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}

    return inputs


def _by_hand(rng):
    def digits(*shape):
        return rng.integers(1, 10, shape) * rng.choice([-1.0, 1.0], shape)

    return {"x": digits(2, 3), "W": digits(3, 2), "b": digits(2), "dout": digits(2, 2)}


def _gradients(code, i):
    dx, dW, db = code.dense_backward(i["x"], i["W"], i["b"], i["dout"])
    return {"dx": dx, "dW": dW, "db": db}


CHECKS = [
    Check("two examples, three features, two outputs", _by_hand, _gradients),
    Check("five examples, three features, four outputs", _layer(5, 3, 4), _gradients),
    Check("one example", _layer(1, 4, 3), _gradients),
    Check("a square W", _layer(6, 4, 4), _gradients),
    Check("as many examples as features and outputs", _layer(4, 4, 4), _gradients),
    Check("as many examples as outputs", _layer(3, 5, 3), _gradients),
    Check("as many examples as features", _layer(3, 3, 5), _gradients),
    Check("one output", _layer(5, 3, 1), _gradients),
    Check("one feature", _layer(4, 1, 3), _gradients),
    Check("float32 stays float32", _layer(5, 3, 2, np.float32), _gradients),
]
