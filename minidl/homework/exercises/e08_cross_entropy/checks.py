"""Checks of e08: ordinary logits in batches of several shapes, a net that knows nothing, and one that is too sure."""

import numpy as np

from minidl.homework.check import Check


def _batch(n, c, scale=2.0, dtype=np.float64):
    def inputs(rng):
        return {"z": (scale * rng.normal(size=(n, c))).astype(dtype), "y": _labels(rng, n, c)}

    return inputs


def _labels(rng, n, c):
    """Labels in no order, one of them twice where there is room for it, no row i with the label i throughout."""
    y = rng.integers(0, c, n)
    if n > 1 and c > 1:
        y[0], y[-1] = c - 1, c - 1
    return y


def _by_hand(rng):
    return {"z": np.round(rng.uniform(-2, 2, (3, 2)), 1), "y": np.array([1, 0, 1])}


def _at_chance(rng):
    n, c = 5, int(rng.integers(3, 12))
    return {"z": np.zeros((n, c)) + rng.normal(size=(n, 1)), "y": rng.integers(0, c, n)}


def _levels(*levels):
    """Rows around these numbers, a few apart within each row."""

    def inputs(rng):
        n = len(levels)
        return {"z": np.array(levels, float)[:, None] + rng.normal(0, 2, (n, 4)), "y": _labels(rng, n, 4)}

    return inputs


def _too_sure(rng):
    """One logit of every row is about 1000 above the others: of the true class in one row, of a wrong one elsewhere."""
    z, y = rng.normal(size=(4, 5)), rng.integers(0, 5, 4)
    z[np.arange(4), (y + np.array([0, 1, 2, 3])) % 5] += rng.uniform(900, 1100, 4)
    return {"z": z, "y": y}


def _rather_sure(rng):
    """Probabilities of about 1e-13: log(p + 1e-8) and its like go unseen at ordinary logits."""
    z, y = rng.normal(size=(3, 4)), rng.integers(0, 4, 3)
    z[np.arange(3), y] -= 30
    return {"z": z, "y": y}


def _loss_and_gradient(code, i):
    loss, dz = code.cross_entropy(i["z"], i["y"])
    return {"loss": loss, "dz": dz}


def _in_float32(code, i):
    loss, dz = code.cross_entropy(i["z"], i["y"])
    return {"loss": np.asarray(loss, dtype=np.float32), "dz": dz}


CHECKS = [
    Check("three examples, two classes", _by_hand, _loss_and_gradient),
    Check("all logits of a row equal: the loss is log C", _at_chance, _loss_and_gradient),
    Check("more examples than classes, 7 x 3", _batch(7, 3), _loss_and_gradient),
    Check("as many examples as classes, 4 x 4", _batch(4, 4), _loss_and_gradient),
    Check("fewer examples than classes, 3 x 6", _batch(3, 6), _loss_and_gradient),
    Check("one example", _batch(1, 5), _loss_and_gradient),
    Check("logits around 1000", _levels(1000, 1000, 1000), _loss_and_gradient),
    Check("one row around 1000, another around -1000", _levels(1000, -1000, 0), _loss_and_gradient),
    Check("a true class of probability 1e-13", _rather_sure, _loss_and_gradient),
    Check("a logit 1000 above the others of its row", _too_sure, _loss_and_gradient),
    Check("float32 stays float32", _batch(5, 4, dtype=np.float32), _in_float32),
]
