"""Checks of e11: inputs of every size and either sign, never exactly 0, where more than one slope is right."""

import numpy as np

from minidl.homework.check import Check


def _signs(rng, shape):
    return rng.choice([-1.0, 1.0], shape)


def _relu(*shape, smallest=-6, largest=3, dtype=np.float64):
    """Inputs between 10^smallest and 10^largest in size, either sign; dout of either sign, independent of them."""

    def inputs(rng):
        x = 10 ** rng.uniform(smallest, largest, shape) * _signs(rng, shape)
        dout = rng.uniform(0.5, 3, shape) * _signs(rng, shape)
        if x.size > 3:  # all four pairs of signs
            x.flat[:4] = np.abs(x.flat[:4]) * [1, 1, -1, -1]
            dout.flat[:4] = np.abs(dout.flat[:4]) * [1, -1, 1, -1]
        return {"dout": dout.astype(dtype), "x": x.astype(dtype)}

    return inputs


def _relu_by_hand(rng):
    order = rng.permutation(4)
    x = np.round(rng.uniform([1.2, 0.2, 1.2, 0.2], [3, 0.8, 3, 0.8]), 1) * [1, 1, -1, -1]
    dout = np.round(rng.uniform(1, 5, 4), 1) * [1, -1, 1, -1]
    return {"dout": dout[order], "x": x[order]}


def _sigmoid(*shape, dtype=np.float64, spread=3.0):
    def inputs(rng):
        s = 1 / (1 + np.exp(-spread * rng.normal(size=shape)))
        return {"dout": (3 * rng.normal(size=shape)).astype(dtype), "s": s.astype(dtype)}

    return inputs


def _sigmoid_by_hand(rng):
    return {"dout": np.round(rng.uniform(1, 5, 3) * _signs(rng, 3), 1), "s": np.round(rng.uniform(0.1, 0.9, 3), 1)}


def _saturated(rng):
    return {"dout": rng.normal(size=4), "s": np.array([0.0, 1.0, 1e-9, 1 - 1e-9])}


def _relu_backward(code, i):
    return code.relu_backward(i["dout"], i["x"])


def _sigmoid_backward(code, i):
    return code.sigmoid_backward(i["dout"], i["s"])


CHECKS = [
    Check("relu_backward of four numbers", _relu_by_hand, _relu_backward),
    Check("relu_backward of a matrix, inputs of every size", _relu(6, 4), _relu_backward),
    Check("relu_backward of a square matrix", _relu(4, 4), _relu_backward),
    Check("relu_backward of an array of four axes", _relu(2, 3, 2, 2), _relu_backward),
    Check("relu_backward of inputs around 1e-9", _relu(20, smallest=-10, largest=-8), _relu_backward),
    Check("relu_backward in float32", _relu(3, 5, dtype=np.float32), _relu_backward),
    Check("sigmoid_backward of three numbers", _sigmoid_by_hand, _sigmoid_backward),
    Check("sigmoid_backward of a matrix", _sigmoid(6, 4), _sigmoid_backward),
    Check("sigmoid_backward of a square matrix", _sigmoid(4, 4), _sigmoid_backward),
    Check("sigmoid_backward of an array of four axes", _sigmoid(2, 3, 2, 2), _sigmoid_backward),
    Check("sigmoid_backward of outputs near 0 and 1", _saturated, _sigmoid_backward),
    Check("sigmoid_backward in float32", _sigmoid(3, 5, dtype=np.float32, spread=1.0), _sigmoid_backward),
]
