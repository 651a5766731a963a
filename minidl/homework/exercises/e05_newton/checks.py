"""Checks of e05: closed forms of Newton's method, and ratios of arrays of several shapes."""

import math

import numpy as np

from minidl.homework.check import Check
from minidl.homework.compare import difference


def _cubic(rng):
    """f = x^3 / 3 - a x: the slope is zero at the root of a."""
    return {"a": round(float(rng.uniform(2, 9)), 1), "x": round(float(rng.uniform(4, 6)), 1), "steps": 2}


def _root(code, i):
    return code.newton(lambda x: x * x - i["a"], lambda x: 2 * x, i["x"], i["steps"])


def _parabola(rng):
    """The minimum of p (x - q)^2 / 2, or its maximum where p < 0, is q: one step."""
    p, q, x = rng.uniform(1, 5, 3) * rng.choice([-1, 1], 3)
    return {"p": float(p), "q": float(q), "x": float(x), "steps": 1}


def _to_the_top(code, i):
    return code.newton(lambda x: i["p"] * (x - i["q"]), lambda x: i["p"], i["x"], i["steps"])


def _fourth_power(code, i):
    """On x^4 every step leaves two thirds of x."""
    return code.newton(lambda x: 4 * x**3, lambda x: 12 * x**2, i["x"], i["steps"])


def _two_thirds(got, expected, i):
    return difference(got, i["x"] * (2 / 3) ** i["steps"])


def _inverse(code, i):
    """f = a x - log(x) has its minimum at 1 / a; the error 1 - a x is squared at every step."""
    return code.newton(lambda x: i["a"] - 1 / x, lambda x: 1 / (x * x), i["x"], i["steps"])


def _squared_error(got, expected, i):
    return difference(got, (1 - (1 - i["a"] * i["x"]) ** 2 ** i["steps"]) / i["a"])


def _near_a_maximum(rng):
    return {"x": round(float(rng.uniform(0.9, 2.2)), 2), "steps": 2}


def _sine(code, i):
    return code.newton(math.cos, lambda x: -math.sin(x), i["x"], i["steps"])


def _ratio(*shape):
    def inputs(rng):
        w = np.round(rng.uniform(0.5, 3, shape) * rng.choice([-1, 1], shape), 2)
        step = np.round(10 ** rng.uniform(-3, 1, shape) * rng.choice([-1, 1], shape), 3)
        return {"w": w, "step": step}

    return inputs


def _update_ratio(code, i):
    return code.update_ratio(i["w"], i["step"])


def _inverse_start(rng):
    a = float(rng.uniform(0.5, 3))
    return {"a": a, "x": float(rng.uniform(0.2, 0.5)) / a, "steps": 3}


CHECKS = [
    Check("two Newton steps on f = x^3 / 3 - a x: slope x^2 - a, curvature 2 x", _cubic, _root),
    Check("one Newton step on f = p (x - q)^2 / 2", _parabola, _to_the_top),
    Check("no Newton step at all", lambda rng: _cubic(rng) | {"steps": 0}, _root),
    Check("seven Newton steps on f = x^4, of which each leaves two thirds of x",
          lambda rng: _cubic(rng) | {"steps": 7}, _fourth_power, _two_thirds),
    Check("three Newton steps on f = a x - log(x): the error is squared at each", _inverse_start, _inverse,
          _squared_error),
    Check("two Newton steps on f = sin(x) near a maximum", _near_a_maximum, _sine),
    Check("update_ratio of two numbers", _ratio(2), _update_ratio),
    Check("update_ratio of a matrix", _ratio(4, 3), _update_ratio),
    Check("update_ratio of a square matrix", _ratio(3, 3), _update_ratio),
    Check("update_ratio of an array of three axes", _ratio(2, 3, 2), _update_ratio),
    Check("update_ratio of a step that is zero", lambda rng: _ratio(5)(rng) | {"step": np.zeros(5)}, _update_ratio),
]  # fmt: skip
