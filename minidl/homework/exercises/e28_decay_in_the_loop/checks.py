"""Checks of e28."""

import math

from minidl.homework.check import Check


class Optimizer:
    """Has a rate, and remembers all the rates it ever had."""

    def __init__(self, lr):
        self.had = [lr]

    @property
    def lr(self):
        return self.had[-1]

    @lr.setter
    def lr(self, value):
        self.had.append(float(value))


def distinct(rates):
    """Rates in ascending order; those that differ by rounding count as one."""
    result = []
    for rate in sorted(rates):
        if not result or not math.isclose(rate, result[-1], rel_tol=1e-11):
            result.append(rate)
    return result


def look(code, lr0, k, epochs, batches):
    opt = Optimizer(lr0)
    rates = code.train(opt, k, epochs, batches)
    return {"the list": rates, "opt.lr after the last epoch": opt.lr, "the rates that opt.lr had": distinct(opt.had)}


def one(code, inputs):
    return look(code, **inputs)


def two(code, inputs):
    first = look(code, inputs["lr0"], inputs["k"], inputs["epochs"], inputs["batches"])
    return {"first optimizer": first, "second optimizer": look(code, 2 * inputs["lr0"], inputs["k"], 3, 1)}


def table(rng):
    return {"lr0": 0.2, "k": 1, "epochs": 4, "batches": 2}


def small(rng):
    return {"lr0": round(rng.uniform(0.2, 0.9), 2), "k": round(rng.uniform(0.2, 0.9), 2), "epochs": 3, "batches": 2}


def large(rng):
    return {"lr0": rng.uniform(1e-3, 1), "k": rng.uniform(0.1, 3), "epochs": 7, "batches": int(rng.integers(3, 6))}


def short(rng):
    return {"lr0": round(rng.uniform(0.2, 0.9), 2), "k": round(rng.uniform(0.2, 0.9), 2), "epochs": 5, "batches": 1}


CHECKS = [
    Check("the course's table", table, one),
    Check("three epochs of two batches", small, one),
    Check("one batch per epoch", short, one),
    Check("seven epochs", large, one),
    Check("two optimizers one after the other", small, two),
]
