"""Checks of e14: facts about the numbers, since every way to draw them is as good as another."""

import itertools

import numpy as np

from minidl.homework.check import Check

_SAME = 0.1  # correlation of two layers above which one was made from the numbers of the other


def _inputs(*sizes):
    def inputs(rng):
        return {"sizes": list(sizes), "seed": int(rng.integers(1 << 30))}

    return inputs


def _draw(code, inputs):
    return code.he_init(inputs["sizes"], np.random.default_rng(inputs["seed"]))


def _is_array(a):
    return isinstance(a, np.ndarray) and a.dtype.kind in "fiu" and a.size > 1


def _outside(code, inputs):
    """Names, shapes, dtypes and biases: what does not depend on chance."""
    P = _draw(code, inputs)
    if not isinstance(P, dict):
        return P
    seen = {}
    for name, a in P.items():
        biases = str(name).startswith("b")
        as_array = {"shape": a.shape, "dtype": str(a.dtype)} if isinstance(a, np.ndarray) else {"value": a}
        seen[name] = as_array | ({"values": a} if biases else {})
    return seen


def _kind(W):
    """ "normal" or what else the fourth moment says (3 for a normal distribution, 1.8 for a uniform one)."""
    z = W - W.mean()
    if not z.any():
        return "every entry is the same"
    fourth = float((z**4).mean() / (z**2).mean() ** 2)
    return "normal" if abs(fourth - 3) < 0.2 else "uniform" if abs(fourth - 1.8) < 0.1 else "neither normal nor uniform"


def _deviation(W, first):
    """The standard deviation, as a formula where it is one of these to 2 %: a chance of one in a hundred million."""
    (n_in, n_out), s = W.shape, float(W.std())
    formulas = {
        "sqrt(2 / n_in)": (2 / n_in) ** 0.5,
        "sqrt(1 / n_in)": (1 / n_in) ** 0.5,
        "sqrt(2 / n_out)": (2 / n_out) ** 0.5,
        "sqrt(2 / (n_in + n_out))": (2 / (n_in + n_out)) ** 0.5,
        "sqrt(1 / (n_in + n_out))": (1 / (n_in + n_out)) ** 0.5,
        "2 / n_in": 2 / n_in,
        "1 / n_in": 1 / n_in,
        "sqrt(2) / n_in": 2**0.5 / n_in,
        "2 / sqrt(n_in)": 2 / n_in**0.5,
        "sqrt(n_in / 2)": (n_in / 2) ** 0.5,
        "sqrt(2 / n_in) of the first layer": (2 / first) ** 0.5,
        "0.01": 0.01,
        "1": 1.0,
    }
    name, value = min(formulas.items(), key=lambda f: abs(s / f[1] - 1))
    return f"about {name}, {value:.4f}" if abs(s / value - 1) < 0.02 else f"{s:.2g}"


def _numbers(code, inputs):
    P = _draw(code, inputs)
    if not isinstance(P, dict) or not all(_is_array(a) for a in P.values()):
        return P
    seen = {}
    weights = {name: a for name, a in P.items() if str(name).startswith("W") and a.ndim == 2}
    for name, W in weights.items():
        seen[f"{name} repeats numbers"] = bool(np.unique(W).size < 0.9 * W.size)
        seen[f"standard deviation of {name}"] = _deviation(W, inputs["sizes"][0])
        seen[f"mean of {name}"] = "near 0" if abs(W.mean()) <= 7 * W.std() / W.size**0.5 else "far from 0"
        seen[f"distribution of {name}"] = _kind(W)
    names = list(weights)
    for a, b in itertools.pairwise(names):
        seen[f"{b} is {a} again"] = _alike(weights[a], weights[b])
    return seen


def _alike(a, b):
    n = min(a.size, b.size)
    a, b = a.ravel()[:n] - a.mean(), b.ravel()[:n] - b.mean()
    size = np.linalg.norm(a) * np.linalg.norm(b)
    return bool(size > 0 and abs(a @ b) > _SAME * size)


def _calls(code, inputs):
    rng = np.random.default_rng(inputs["seed"])
    one, two = code.he_init(inputs["sizes"], rng), code.he_init(inputs["sizes"], rng)
    again = _draw(code, inputs)
    if not all(isinstance(P, dict) and _is_array(P.get("W1")) for P in (one, two, again)):
        return one
    return {
        "a second call with the same rng gives other weights": not np.array_equal(one["W1"], two["W1"]),
        "the same seed gives the same weights": all(np.array_equal(one[k], again.get(k)) for k in one),
    }


CHECKS = [
    Check("names, shapes and biases", _inputs(3, 4, 2), _outside),
    Check("names, shapes and biases of one layer", _inputs(5, 2), _outside),
    Check("the weights of two wide layers", _inputs(150, 350, 130), _numbers),
    Check("several calls", _inputs(4, 3, 3), _calls),
]
