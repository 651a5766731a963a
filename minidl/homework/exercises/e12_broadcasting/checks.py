"""Checks of e12: pairs of shapes, from none to all axes summed."""

import numpy as np

from minidl.homework.check import Check

PAIRS = [
    ((3, 4), (3, 4)),
    ((3, 4), (4,)),
    ((3, 4), (3, 1)),
    ((3, 4), (1, 4)),
    ((3, 4), (1, 1)),
    ((3, 4), ()),
    ((2, 3, 4), (3, 1)),
    ((2, 3, 4), (1, 3, 1)),
    ((2, 3, 2, 4), (1, 2, 1)),
    ((3, 3), (3,)),
    ((3, 3), (3, 1)),
    ((3, 3), (1, 3)),
    ((3, 3, 3), (3, 1)),
    ((2, 3, 4), (4,)),
    ((2, 3, 4), (1,)),
    ((4, 1), (1,)),
    ((1, 3), (3,)),
    ((1, 3), (1, 3)),
    ((5,), ()),
    ((), ()),
    ((2, 2, 3, 2), (2, 1, 1, 2)),
]


def _pair(of, to, dtype=np.float64):
    def inputs(rng):
        return {"g": np.round(rng.uniform(-9, 9, of), 1).astype(dtype), "shape": to}

    return inputs


def _unbroadcast(code, i):
    return code.unbroadcast(i["g"], i["shape"])


CHECKS = [
    Check("g of shape (2, 3) to shape (3,)", _pair((2, 3), (3,)), _unbroadcast),
    Check("g of shape (2, 3) to shape (2, 1)", _pair((2, 3), (2, 1)), _unbroadcast),
    *[Check(f"g of shape {of} to shape {to}", _pair(of, to), _unbroadcast) for of, to in PAIRS],
    Check("float32 stays float32", _pair((2, 3, 4), (3, 1), np.float32), _unbroadcast),
]
