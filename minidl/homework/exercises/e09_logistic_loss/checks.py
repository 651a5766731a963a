"""Checks of e09: labels in both shapes, logits near zero and so large that a sigmoid is exactly 0 or 1."""

import numpy as np

from minidl.homework.check import Check


def _batch(n, column, scale=2.0, dtype=np.float64, label=float):
    """Logits and labels, both labels among them where there is room."""

    def inputs(rng):
        y = rng.integers(0, 2, n)
        if n > 1:
            y[0], y[-1] = rng.permutation(2)
        z = (scale * rng.normal(size=(n, 1))).astype(dtype)
        return {"z": z, "y": y.astype(label)[:, None] if column else y.astype(label)}

    return inputs


def _by_hand(rng):
    return {"z": np.round(rng.uniform(0.3, 2, (3, 1)) * rng.choice([-1, 1], (3, 1)), 1), "y": np.array([1.0, 0.0, 1.0])}


def _saturated(low, high, column):
    """Logits far out on either side, right and wrong."""

    def inputs(rng):
        z = rng.uniform(low, high, (4, 1)) * np.array([[1], [-1], [1], [-1]])
        y = np.array([1.0, 1.0, 0.0, 0.0])
        order = rng.permutation(4)
        return {"z": z[order], "y": y[order][:, None] if column else y[order]}

    return inputs


def _all_right(rng):
    y = np.array([1.0, 0.0, 0.0])
    return {"z": (2 * y[:, None] - 1) * rng.uniform(9, 12, (3, 1)), "y": y}


def _loss_and_gradient(code, i):
    loss, dz = code.bce(i["z"], i["y"])
    return {"loss": loss, "dz": dz}


def _in_float32(code, i):
    loss, dz = code.bce(i["z"], i["y"])
    return {"loss": np.asarray(loss, dtype=np.float32), "dz": dz}


CHECKS = [
    Check("three examples, labels of shape (3,)", _by_hand, _loss_and_gradient),
    Check("three examples, labels of shape (3, 1)", lambda rng: _by_hand(rng) | {"y": np.array([[1.0], [0.0], [1.0]])},
          _loss_and_gradient),
    Check("a batch, labels of shape (N,)", _batch(9, column=False), _loss_and_gradient),
    Check("a batch, labels of shape (N, 1)", _batch(8, column=True), _loss_and_gradient),
    Check("labels that are integers", _batch(6, column=False, label=int), _loss_and_gradient),
    Check("one example", _batch(1, column=False), _loss_and_gradient),
    Check("two examples", _batch(2, column=False), _loss_and_gradient),
    Check("predictions that are all right and nearly sure", _all_right, _loss_and_gradient),
    Check("logits around 30, right and wrong", _saturated(28, 35, column=True), _loss_and_gradient),
    Check("logits around 50, right and wrong", _saturated(45, 60, column=False), _loss_and_gradient),
    Check("logits around 1000, right and wrong", _saturated(900, 1100, column=False), _loss_and_gradient),
    Check("float32 stays float32", _batch(7, column=False, dtype=np.float32, label=np.float32), _in_float32),
]  # fmt: skip
