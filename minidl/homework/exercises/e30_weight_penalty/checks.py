"""Checks of e30."""

import numpy as np

from minidl.homework.check import Check

SMALL = {"W1": (1, 1), "b1": (1,)}
NETWORK = {"W1": (3, 4), "b1": (4,), "W2": (4, 2), "b2": (2,)}
BIASES_FIRST = {"b3": (2,), "b1": (3,), "W3": (2, 2), "W1": (2, 2), "W2": (3, 2), "W10": (2, 5), "b10": (5,)}


def _inputs(shapes, lam, digits=None, dtype=np.float64):
    def inputs(rng):
        def arrays():
            made = {k: rng.uniform(0.5, 3, shape) * rng.choice([-1, 1], shape) for k, shape in shapes.items()}
            return {k: (a if digits is None else np.round(a, digits)).astype(dtype) for k, a in made.items()}

        data_loss = float(np.round(rng.uniform(1, 5), 2))
        return {"data_loss": data_loss, "data_grads": arrays(), "params": arrays(), "lam": lam}

    return inputs


def _run(code, inputs):
    result = code.l2_loss_and_grads(inputs["data_loss"], inputs["data_grads"], inputs["params"], inputs["lam"])
    return {"loss": result[0], "grads": result[1]} if isinstance(result, tuple | list) and len(result) == 2 else result


def _grads(code, inputs):
    result = _run(code, inputs)
    return result["grads"] if isinstance(result, dict) and "grads" in result else result


CHECKS = [
    Check("one weight and one bias, lam = 0.5", _inputs(SMALL, 0.5, 1), _run),
    Check("two weights, lam = 0.2", _inputs({"W1": (1, 2), "b1": (2,)}, 0.2, 1), _run),
    Check("two layers, lam = 0.1", _inputs(NETWORK, 0.1), _run),
    Check("four layers in any order, lam = 3", _inputs(BIASES_FIRST, 3.0), _run),
    Check("lam = 0", _inputs(NETWORK, 0.0), _run),
    Check("float32 gradients stay float32", _inputs(NETWORK, 0.1, None, np.float32), _grads),
]
