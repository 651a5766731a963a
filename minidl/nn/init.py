"""Initial weights: random, with a spread that keeps the size of signals from layer to layer.

Every initialiser takes (fan_in, fan_out) and a Generator and gives an array of that shape. The variance is
    He       2 / fan_in                 He et al. 2015, eq. 10: for ReLU, which zeroes half of its inputs
    Glorot   2 / (fan_in + fan_out)     Glorot & Bengio 2010, eq. 16: for tanh and sigmoid
    LeCun    1 / fan_in                 LeCun et al. 1998, section 4.6
"""

from __future__ import annotations

import difflib
from collections.abc import Callable

import numpy as np

Initializer = Callable[[tuple[int, int], np.random.Generator], np.ndarray]


def _normal(variance: Callable[[int, int], float]) -> Initializer:
    return lambda shape, rng: rng.normal(0, np.sqrt(variance(*shape)), shape)


def _uniform(variance: Callable[[int, int], float]) -> Initializer:
    def init(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
        limit = np.sqrt(3 * variance(*shape))  # the variance of U(-a, a) is a^2 / 3
        return rng.uniform(-limit, limit, shape)

    return init


INITIALIZERS: dict[str, Initializer] = {
    "he": _normal(lambda fan_in, fan_out: 2 / fan_in),
    "he_uniform": _uniform(lambda fan_in, fan_out: 2 / fan_in),
    "glorot": _normal(lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
    "glorot_uniform": _uniform(lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
    "lecun": _normal(lambda fan_in, fan_out: 1 / fan_in),
    "lecun_uniform": _uniform(lambda fan_in, fan_out: 1 / fan_in),
    "torch": _uniform(lambda fan_in, fan_out: 1 / (3 * fan_in)),  # U(-1/sqrt(fan_in), 1/sqrt(fan_in)), as nn.Linear
    "zeros": lambda shape, rng: np.zeros(shape),
}
INITIALIZERS |= {f"{name}_normal": INITIALIZERS[name] for name in ("he", "glorot", "lecun")}


def get(init: str | Initializer) -> Initializer:
    """The initialiser of a name ("he", "glorot_uniform", ...), or the function itself; ValueError for another name."""
    if callable(init):
        return init
    if not isinstance(init, str) or init not in INITIALIZERS:
        asked = str(init).lower().replace("kaiming", "he").replace("xavier", "glorot")  # the same authors' first names
        near = difflib.get_close_matches(asked, INITIALIZERS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise ValueError(f"unknown initialiser {init!r}{hint} There are: {', '.join(sorted(INITIALIZERS))}")
    return INITIALIZERS[init]
