"""Checks of e01: bowls, with and without a term that couples the two coordinates, and a hilly surface."""

import math

from minidl.homework.check import Check


def _number(rng, low, high):
    return round(float(rng.uniform(low, high)) * float(rng.choice([-1, 1])), 2)


def _bowl(rng):
    return {
        "a": abs(_number(rng, 0.5, 2)), "b": abs(_number(rng, 0.5, 2)), "c": _number(rng, 0.3, 0.9),
        "x1": _number(rng, 1, 5), "x2": _number(rng, 1, 5), "lr": abs(_number(rng, 0.05, 0.3)), "steps": 3,
    }  # fmt: skip


def _walk(code, i):
    def grad(x1, x2):
        return 2 * i["a"] * x1 + i["c"] * x2, 2 * i["b"] * x2 + i["c"] * x1

    return code.gd_2d(grad, i["x1"], i["x2"], i["lr"], i["steps"])


def _course(a, b, lr):
    """A walk of the course Dive into Deep Learning, whose last point is printed there."""
    return lambda rng: {"a": a, "b": b, "c": 0.0, "x1": -5.0, "x2": -2.0, "lr": lr, "steps": 20}


def _hills(code, i):
    def grad(x1, x2):
        return math.cos(x1) * math.cos(x2) + i["c"] * x2, -math.sin(x1) * math.sin(x2) + i["c"] * x1

    return code.gd_2d(grad, i["x1"], i["x2"], i["lr"], i["steps"])


CHECKS = [
    Check("three steps on f = a x1^2 + b x2^2 + c x1 x2", _bowl, _walk),
    Check("no step at all", lambda rng: _bowl(rng) | {"steps": 0}, _walk),
    Check("one step", lambda rng: _bowl(rng) | {"steps": 1}, _walk),
    Check("twenty steps on f = 0.1 x1^2 + 2 x2^2 from (-5, -2)", _course(0.1, 2.0, 0.4), _walk),
    Check("twenty steps on f = 0.1 x1^2 + 2 x2^2 with a rate too large for x2", _course(0.1, 2.0, 0.6), _walk),
    Check("twenty steps on f = x1^2 + 2 x2^2 from (-5, -2)", _course(1.0, 2.0, 0.1), _walk),
    Check("twelve steps on f = sin(x1) cos(x2) + c x1 x2", lambda rng: _bowl(rng) | {"steps": 12}, _hills),
]
