"""The problems on which the rules of `optim/more` that follow the plain gradient are recorded and replayed.

Imported by the make_*_plain.py scripts and by tests/test_optim_plain.py, so that each library and minidl see the same
numbers: the gradients are written out by hand in NumPy, float64, and no library differentiates anything.

A problem is (start, evaluate): start is a list of arrays; evaluate(arrays, step) gives (value, list of gradients),
where step counts from 0 and matters for the recorded gradients only.
"""

import json
import math
import random
from pathlib import Path

import numpy as np

STEPS = 100
KEPT = (1, 2, 3, 10, 30, 100)  # the steps whose weights are stored


def rosenbrock(arrays, step):
    ((x, y),) = arrays
    value = (1 - x) ** 2 + 100 * (y - x * x) ** 2
    return value, [np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])]


# 1/2 (w - center)' A (w - center); A has the eigenvalues 1 to 1000 (logarithmic), turned by a Householder reflection
_NORMAL = np.array([1.0, -2.0, 0.5, 3.0, -1.0, 2.0])
_REFLECTION = np.eye(6) - 2 * np.outer(_NORMAL, _NORMAL) / (_NORMAL @ _NORMAL)
_A = _REFLECTION @ np.diag(10.0 ** np.linspace(0, 3, 6)) @ _REFLECTION
_CENTER = np.array([0.5, -1.0, 2.0, -0.3, 1.5, 0.1])


def quadratic(arrays, step):
    d = arrays[0].ravel() - _CENTER
    g = _A @ d
    return float(d @ g) / 2, [g.reshape(arrays[0].shape)]


_X = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])


def _sigmoid(z):
    return (1 + np.tanh(z / 2)) / 2


def mlp(arrays, step):
    """Linear(2, 3) - sigmoid - Linear(3, 1) - sigmoid, weights (out, in); the value is the sum of three outputs."""
    w1, b1, w2, b2 = arrays
    h = _sigmoid(_X @ w1.T + b1)  # (3 samples, 3)
    y = _sigmoid(h @ w2.T + b2)  # (3, 1)
    dy = y * (1 - y)
    dh = dy @ w2 * h * (1 - h)
    return float(y.sum()), [dh.T @ _X, dh.sum(0), dy.T @ h, dy.sum(0)]


def _numbers(rng, shape, low, high, zeros):
    """Random signs, sizes 10^low to 10^high, a fraction of exact zeros."""
    flat = [
        0.0 if rng.random() < zeros else rng.choice([-1, 1]) * 10 ** rng.uniform(low, high)
        for _ in range(math.prod(shape))
    ]
    return np.array(flat).reshape(shape)


_SHAPES = [(2, 3), (2, 3), (4,)]  # two share a shape: state kept by shape would be mixed up
_rng = random.Random(11)
_GIVEN_START = [_numbers(_rng, shape, -1, 0.5, 0) for shape in _SHAPES]
_GIVEN = [
    (_rng.uniform(0.1, 3), [_numbers(_rng, shape, -3 + math.cos(step), math.cos(step), 0.15) for shape in _SHAPES])
    for step in range(STEPS)
]


def given(arrays, step):
    """Gradients that do not depend on the weights: sizes over three powers of ten, some exactly zero."""
    return _GIVEN[step]


_MLP_START = [
    np.array([[-0.21, -0.50], [-0.14, -0.34], [-0.25, 0.70]]), np.array([-0.11, -0.30, 0.69]),
    np.array([[-0.05, -0.39, -0.28]]), np.array([-0.07]),
]  # fmt: skip

PROBLEMS = {
    "rosenbrock": ([np.array([1.5, 1.5])], rosenbrock),
    "quadratic": ([np.array([[1.0, 2.0, -1.0], [0.5, -2.0, 3.0]])], quadratic),  # 2 x 3: a matrix, for layer-wise rules
    "mlp": (_MLP_START, mlp),
    "given": (_GIVEN_START, given),
}


# Multiples of a case's lr, by problem: for rules whose step grows with the gradient, and for those whose step does not
SCALE = {"rosenbrock": 0.004, "quadratic": 0.008, "mlp": 8.0, "given": 1.0}
FIXED = {"rosenbrock": 0.1, "quadratic": 1.0, "mlp": 1.0, "given": 1.0}


def scaled(lr, factor):
    return [lr[0], lr[1] * factor, lr[2] * factor] if isinstance(lr, list) else lr * factor


def rate(lr, step):
    """The rate of step 0, 1, ...: lr is a number, or [boundary, before, after]."""
    if isinstance(lr, list):
        return lr[1] if step < lr[0] else lr[2]
    return lr


def run(problem, update, disturb=1.0):
    """The weights after each step of STEPS: update(arrays, gradients, value, step) gives the new arrays."""
    start, evaluate = PROBLEMS[problem]
    arrays = [w * disturb for w in start]
    path = []
    for step in range(STEPS):
        value, gradients = evaluate(arrays, step)
        arrays = [np.array(w, dtype=np.float64) for w in update(arrays, gradients, value, step)]
        path.append(arrays)
    return path


def record(name, settings, problem, make_update):
    """One case of a golden file. Refuses a run that rounding could change: a golden value must be reproducible."""
    path = run(problem, make_update())
    other = run(problem, make_update(), disturb=1 + 1e-13)
    for step, (arrays, others) in enumerate(zip(path, other, strict=True)):
        for w, v in zip(arrays, others, strict=True):
            deviation = float((np.abs(w - v) / np.maximum(1, np.abs(w))).max())
            if not deviation < 1e-9:
                raise ValueError(f"{name} {settings} on {problem}: not reproducible, {deviation:.1e} at step {step}")
    weights = {str(k): [w.ravel().tolist() for w in path[k - 1]] for k in KEPT}
    return {"optimizer": name, "settings": settings, "problem": problem, "weights": weights}


def write(path, source, licence, cases):
    data = {"source": source, "licence": licence, "cases": cases}
    text = json.dumps(data, separators=(",", ":")).replace('{"optimizer"', '\n{"optimizer"')
    Path(path).write_text(text + "\n")
    print(f"{Path(path).name}: {len(cases)} trajectories, {len(text)} bytes")
