"""Checks of e02: a bowl, waves, and a slope that couples every place with the next."""

import math

from minidl.homework.check import Check


def _setting(steps, mu=(0.4, 0.9)):
    def inputs(rng):
        return {
            "x": round(float(rng.uniform(1, 3)) * float(rng.choice([-1, 1])), 2),
            "lr": round(float(rng.uniform(0.03, 0.2)), 2),
            "mu": round(float(rng.uniform(*mu)), 2),
            "steps": steps,
        }

    return inputs


def _roll(grad):
    return lambda code, i: code.momentum_1d(grad, i["x"], i["lr"], i["mu"], i["steps"])


def _twice(code, i):
    """Two balls one after the other: the second starts at rest again."""
    arguments = (math.cos, i["x"], i["lr"], i["mu"], i["steps"])
    return {"first ball": code.momentum_1d(*arguments), "second ball": code.momentum_1d(*arguments)}


def _bowl(x):
    return 2 * x


CHECKS = [
    Check("three steps on f = x^2, whose slope is 2 x", _setting(3), _roll(_bowl)),
    Check("no step at all", _setting(0), _roll(_bowl)),
    Check("one step", _setting(1), _roll(_bowl)),
    Check("thirty steps on f = x^2", _setting(30), _roll(_bowl)),
    Check("thirty steps on f = sin(x), whose slope is cos(x)", _setting(30), _roll(math.cos)),
    Check("twenty steps on f = x^4 / 40 + cos(x)", _setting(20), _roll(lambda x: x**3 / 10 - math.sin(x))),
    Check("without momentum, mu = 0, on f = sin(x)", _setting(10, mu=(0, 0)), _roll(math.cos)),
    Check("two balls one after the other", _setting(5), _twice),
]
