"""Checks of e07: ordinary logits, and logits so large, so small and so far apart that a careless softmax breaks."""

import numpy as np

from minidl.homework.check import Check
from minidl.homework.compare import RTOL, Difference, difference, show


def _logits(*shape, scale=2.0, dtype=np.float64):
    return lambda rng: {"z": (scale * rng.normal(size=shape)).astype(dtype)}


def _by_hand(rng):
    return {"z": np.round(rng.uniform(-2, 2, (2, 3)), 1)}


def _rows_around(*levels):
    """Logits whose rows lie around these numbers, a few apart within each row."""

    def inputs(rng):
        return {"z": np.array(levels, dtype=float)[:, None] + rng.normal(0, 2, (len(levels), 4))}

    return inputs


def _one_far(distance):
    def inputs(rng):
        z = rng.normal(size=(3, 5))
        z[np.arange(3), rng.integers(0, 5, 3)] += distance
        return {"z": z}

    return inputs


def _one_row_per_column(rng):
    """The largest logit of every row stands in a column of its own, so maxima over columns are those of other rows."""
    z = rng.normal(size=(4, 4))
    z[np.arange(4), rng.permutation(4)] += 5
    return {"z": z}


def _even_the_small_ones(got, expected, i):
    """Every entry to nine digits of its own, and not of the largest entry."""
    wrong = difference(got, expected)
    if wrong is None:
        for at in np.argwhere(~np.isclose(got, expected, rtol=RTOL, atol=0)):
            at = tuple(int(k) for k in at)
            return Difference(f"element {at}", show(expected[at]), show(got[at]))
    return wrong


def _softmax(code, i):
    return code.softmax(i["z"])


CHECKS = [
    Check("two examples, three classes", _by_hand, _softmax),
    Check("more examples than classes, 6 x 3", _logits(6, 3), _softmax),
    Check("as many examples as classes, 4 x 4", _one_row_per_column, _softmax),
    Check("fewer examples than classes, 2 x 7", _logits(2, 7), _softmax),
    Check("one example", _logits(1, 5), _softmax),
    Check("one class", _logits(3, 1), _softmax),
    Check("logits around 1000", _rows_around(1000, 1000, 1000), _softmax),
    Check("logits around -1000", _rows_around(-1000, -1000, -1000), _softmax),
    Check("one row around 1000, another around -1000", _rows_around(1000, -1000, 0), _softmax),
    Check("rows around 60, 40 and -400", _rows_around(60, 40, -400), _softmax),
    Check("a logit 2000 above the others of its row", _one_far(2000), _softmax),
    Check("a logit 2000 below the others of its row", _one_far(-2000), _softmax),
    Check("a probability of about 1e-22", _one_far(-50), _softmax, _even_the_small_ones),
    Check("float32 stays float32", _logits(5, 4, dtype=np.float32), _softmax),
]
