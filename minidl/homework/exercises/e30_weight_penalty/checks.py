"""Checks of e30."""

from itertools import pairwise

import numpy as np

from minidl.homework.check import Check


def _network(widths, lam, dtype=np.float64):
    def inputs(rng):
        shapes = {}
        for i, (n, m) in enumerate(pairwise(widths), start=1):
            shapes |= {f"W{i}": (n, m), f"b{i}": (m,)}
        params, grads = (
            {k: np.round(rng.normal(size=s) * 2, 2).astype(dtype) for k, s in shapes.items()} for _ in "pg"
        )
        return {"data_loss": round(float(rng.uniform(0.5, 3)), 2), "data_grads": grads, "params": params, "lam": lam}

    return inputs


def _other_order(inputs):
    """Biases first, gradients in another order than parameters: names tell what belongs together."""

    def made(rng):
        given = inputs(rng)
        backwards = {k: given["data_grads"][k] for k in reversed(given["data_grads"])}
        return given | {
            "data_grads": backwards,
            "params": dict(sorted(given["params"].items(), key=lambda x: x[0][::-1])),
        }

    return made


def run(code, inputs):
    loss, grads = code.l2_loss_and_grads(inputs["data_loss"], inputs["data_grads"], inputs["params"], inputs["lam"])
    return {"loss": loss, "gradients": grads}


def twice(code, inputs):
    """The result of a first call is changed in place by its owner; a second call must not notice."""
    first = run(code, inputs)
    second = run(code, inputs)
    return {"first call": first, "second call": second}


CHECKS = [
    Check("one layer", _network((2, 1), 0.1), run),
    Check("two layers", _network((2, 3, 1), 0.5), run),
    Check("square layers, three of them", _network((3, 3, 3, 3), 0.03), run),
    Check("names in another order", _other_order(_network((4, 2, 3), 0.7)), run),
    Check("no penalty, lam = 0", _network((3, 2, 2), 0.0), run),
    Check("a strong penalty, lam = 10", _network((3, 2, 2), 10.0), run),
    Check("called twice", _network((3, 2, 2), 0.3), twice),
    Check("float32 gradients stay float32", _network((3, 2, 2), 0.3, np.float32), run, rtol=1e-6),
]
