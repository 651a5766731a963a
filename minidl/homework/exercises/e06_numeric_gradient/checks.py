"""Checks of e06: functions whose entries act on each other, against derivatives written out; errors large and tiny."""

import numpy as np

from minidl.homework.check import Check
from minidl.homework.compare import difference

RTOL = 1e-8  # what a centred difference with h = 1e-5 reaches in float64


def _point(*shape, **more):
    def inputs(rng):
        return {"x": np.round(rng.uniform(0.5, 1.5, shape), 2), **more}

    return inputs


def _tiny_point(rng):
    """Entries far below h: (x + h) - h has lost digits of them."""
    return {"x": rng.uniform(0.1, 1, (3, 4)) * 1e-7}


def _cubes(x):
    return np.sum(x**3)


def _exp(x):
    """A sum of exponentials, and every entry times the next one of its row."""
    return np.sum(np.exp(x)) + np.sum(x[:, 1:] * x[:, :-1])


def _slope_of_exp(x):
    g = np.exp(x)
    g[:, :-1] += x[:, 1:]
    g[:, 1:] += x[:, :-1]
    return g


def _chain(x):
    """A cubic in which every entry meets its neighbours: the sum of x[i]^2 x[i + 1]."""
    return float(np.sum(x[:-1] ** 2 * x[1:])) + float(np.sum(x**3))


def _slope_of_chain(x):
    g = 3 * x**2
    g[:-1] += 2 * x[:-1] * x[1:]
    g[1:] += x[:-1] ** 2
    return g


def _block(x):
    return np.sum(x[0] ** 3 * x[1]) + np.sum(np.exp(x[:, :, 0] * x[:, :, 1]))


def _grad(f):
    return lambda code, i: code.numeric_grad(f, i["x"], **({"h": i["h"]} if "h" in i else {}))


def _exactly(slope):
    return lambda got, expected, i: difference(got, slope(i["x"]), RTOL)


def _errors(code, i):
    return code.rel_error(i["a"], i["n"])


def _two(rng):
    a = np.round(rng.uniform(1, 3, 3) * rng.choice([-1, 1], 3), 1)
    return {"a": a, "n": a - np.round(rng.uniform(0.2, 0.9, 3) * rng.choice([-1, 1], 3), 1)}


def _one_bad_of_1000(sign):
    def inputs(rng):
        a = rng.uniform(0.5, 2, 1000) * rng.choice([-1, 1], 1000)
        n = a * (1 + rng.uniform(-1e-7, 1e-7, 1000))
        n[rng.integers(1000)] += sign * rng.uniform(0.1, 0.3)
        return {"a": a, "n": n}

    return inputs


def _both_negative(rng):
    a = -rng.uniform(0.5, 2, (3, 4))
    return {"a": a, "n": a + rng.uniform(-0.3, 0.3, (3, 4))}


def _with_zeros(rng):
    a = rng.normal(size=6)
    n = a + rng.normal(0, 0.1, 6)
    a[1] = n[1] = a[4] = n[4] = 0
    return {"a": a, "n": n}


def _tiny(rng):
    return {"a": rng.uniform(1, 9, 4) * 1e-11, "n": -rng.uniform(1, 9, 4) * 1e-11}


def _other_signs(rng):
    a = rng.uniform(0.5, 2, (2, 3)) * rng.choice([-1, 1], (2, 3))
    return {"a": a, "n": -a * rng.uniform(0.9, 1.1, (2, 3))}


def _same(rng):
    a = rng.normal(size=(3, 2))
    return {"a": a, "n": a.copy()}


def _nan(rng):
    a, n = rng.normal(size=(2, 9))
    return {"a": a, "n": n, "place": int(rng.integers(2, 8))}


def _errors_with_nan(code, i):
    bad = i["a"].copy()
    bad[i["place"]] = np.nan
    return {"nan in a": code.rel_error(bad, i["n"]), "nan in n": code.rel_error(i["n"], bad)}


def _is_alarm(got, expected, i):
    for where, error in got.items():
        if not isinstance(error, float | np.floating | np.ndarray) or np.size(error) != 1 or np.isfinite(error):
            shown = f"{error:.6g}" if isinstance(error, float) else repr(error)
            return f"{where}: expected nan, got {shown}: a gradient with a nan in it would pass as right"
    return None


CHECKS = [
    Check("numeric_grad of f = sum(x ** 3) with h = 0.5, by hand 3 x^2 + h^2", _point(2, h=0.5), _grad(_cubes)),
    Check("numeric_grad of a sum of exponentials and products, 4 x 5", _point(4, 5), _grad(_exp),
          _exactly(_slope_of_exp), rtol=RTOL),
    Check("numeric_grad of a cubic with cross terms, 7 entries", _point(7), _grad(_chain), _exactly(_slope_of_chain),
          rtol=RTOL),
    Check("numeric_grad of a function on three axes, h = 0.01", _point(2, 3, 2, h=0.01), _grad(_block), rtol=RTOL),
    Check("numeric_grad of a square matrix, h = 1e-4", _point(3, 3, h=1e-4), _grad(_exp), rtol=RTOL),
    Check("numeric_grad where x is tiny, and must be itself again to the last bit", _tiny_point, _grad(_exp),
          _exactly(_slope_of_exp), rtol=RTOL),
    Check("rel_error of three numbers", _two, _errors, rtol=RTOL),
    Check("rel_error where one entry of 1000 of a is too small", _one_bad_of_1000(1), _errors, rtol=RTOL),
    Check("rel_error where one entry of 1000 of a is too large", _one_bad_of_1000(-1), _errors, rtol=RTOL),
    Check("rel_error of matrices whose entries are negative", _both_negative, _errors, rtol=RTOL),
    Check("rel_error of gradients of opposite sign", _other_signs, _errors, rtol=RTOL),
    Check("rel_error where some entries are 0 in both", _with_zeros, _errors, rtol=RTOL),
    Check("rel_error of entries far below 1e-8", _tiny, _errors, rtol=RTOL),
    Check("rel_error of equal arrays", _same, _errors, rtol=RTOL),
    Check("rel_error where an entry is nan", _nan, _errors_with_nan, _is_alarm, rtol=RTOL),
]  # fmt: skip
