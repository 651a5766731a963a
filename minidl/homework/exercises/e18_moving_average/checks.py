"""Checks of e18."""

import numpy as np

from minidl.homework.check import Check


def _series(n, beta, correct=True, digits=None):
    def inputs(rng):
        xs = rng.uniform(1, 9, n) * rng.choice([-1.0, 1.0], n)
        return {"xs": xs if digits is None else np.round(xs, digits), "beta": beta, "correct": correct}

    return inputs


def _constant(correct):
    def inputs(rng):
        return {"xs": np.full(12, np.round(rng.uniform(1, 9), 1)), "beta": 0.9, "correct": correct}

    return inputs


def _run(code, inputs):
    return code.ewa(inputs["xs"], inputs["beta"], correct=inputs["correct"])


def _default(code, inputs):
    return code.ewa(inputs["xs"], inputs["beta"])


CHECKS = [
    Check("three values, correct=False", _series(3, 0.5, False, 1), _run),
    Check("three values, correct=True", _series(3, 0.5, True, 1), _run),
    Check("four values, beta = 0.9, correct=False", _series(4, 0.9, False, 1), _run),
    Check("four values, beta = 0.9, correct=True", _series(4, 0.9, True, 1), _run),
    Check("four values, correct not given", _series(4, 0.9, True, 1), _default),
    Check("a constant series, correct=True", _constant(True), _run),
    Check("a constant series, correct=False", _constant(False), _run),
    *(Check(f"120 values, beta = {beta}, correct={c}", _series(120, beta, c), _run)
      for beta in (0.5, 0.9, 0.98) for c in (True, False)),
    Check("one value", _series(1, 0.98), _run),
]  # fmt: skip
