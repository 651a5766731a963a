"""The problems on which the adaptive rules are compared, for the make_*_adaptive.py beside this file and for the tests.

Four problems run at once, as parameters of one optimizer: Rosenbrock's valley from (-1.2, 1), a rotated quadratic of
dimension 6 and condition 1000, the 2-3-1 sigmoid network of pytorch_cpp_trajectories.json, and a (2, 3) parameter
whose gradients are given: sizes over six powers of ten, an eighth of them exactly zero. All derivatives are written
out, so that every library gets the same gradients. Needs NumPy only.
"""

import json
import random
from pathlib import Path

import numpy as np

STEPS = 100
KEPT = (1, 2, 3, 5, 6, 10, 20, 50, 100)  # RAdam's first rectified step is the sixth
NETWORK = json.loads(Path(__file__).with_name("pytorch_cpp_trajectories.json").read_text())

_random = random.Random(11)


def _size(step: int) -> float:
    return 0.0 if _random.random() < 0.125 else _random.choice([-1, 1]) * 10 ** _random.uniform(-3, 3) / (1 + step % 7)


GIVEN = [np.array([[_size(step) for _ in range(3)] for _ in range(2)]) for step in range(STEPS)]
GIVEN[0][0, 1] = 0.0  # a parameter without gradient at first

_normal = np.arange(1.0, 7.0)
_MIRROR = np.eye(6) - 2 * np.outer(_normal, _normal) / (_normal @ _normal)
# With curvatures up to 10, rules that divide by eps = 0.01 are chaotic near the optimum: roundings grow to 1e-1.
QUADRATIC = _MIRROR @ np.diag(10 ** np.linspace(-4, -1, 6)) @ _MIRROR

_x = np.array(NETWORK["x"])


def start() -> list[np.ndarray]:
    network = [np.array(w) for w in NETWORK["start"]]
    return [
        np.array([-1.2, 1.0]),
        np.array([1.0, -2.0, 0.5, 3.0, -1.0, 0.25]),
        network[0].reshape(3, 2),
        network[1],
        network[2].reshape(1, 3),
        network[3],
        np.array([[0.5, -1.0, 2.0], [-0.25, 1.5, -3.0]]),
    ]


def gradients(step: int, params: list[np.ndarray]) -> list[np.ndarray]:
    """Of the four losses at these parameters; step: 0, 1, ..."""
    (x, y), q, w1, b1, w2, b2, _ = params
    rosenbrock = np.array([-400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x)])
    hidden = 1 / (1 + np.exp(-(_x @ w1.T + b1)))
    out = 1 / (1 + np.exp(-(hidden @ w2.T + b2)))
    d_out = out * (1 - out)
    d_hidden = d_out @ w2 * hidden * (1 - hidden)
    return [rosenbrock, QUADRATIC @ q, d_hidden.T @ _x, d_hidden.sum(0), d_out.T @ hidden, d_out.sum(0), GIVEN[step]]


def record(optimizer: str, settings: dict, update) -> dict:
    """One case of a JSON file; update(step, weights, gradients) -> the new weights."""
    weights, kept = start(), {}
    for step in range(STEPS):
        weights = [np.array(w, dtype="float64") for w in update(step, weights, gradients(step, weights))]
        if step + 1 in KEPT:
            kept[str(step + 1)] = [[float(f"{x:.17g}") for x in w.ravel()] for w in weights]
    assert all(np.isfinite(w).all() and np.abs(w).max() < 1e6 for w in weights), (optimizer, settings)
    print(f"{optimizer} {settings}: x = {weights[0]}, max |w| = {max(np.abs(w).max() for w in weights):.3g}")
    return {"optimizer": optimizer, "settings": settings, "weights": kept}


def write(library: str, source: str, licence: str, cases: list[dict]) -> None:
    about = f"{source}, float64, recorded by make_{library}_adaptive.py. weights[k]: after k steps. Settings: minidl's."
    data = {"source": about, "licence": licence, "cases": cases}
    path = Path(__file__).with_name(f"{library}_adaptive.json")
    path.write_text(json.dumps(data, separators=(",", ":")).replace('{"optimizer"', '\n{"optimizer"') + "\n")
    print(f"{path.name}: {len(cases)} trajectories, {path.stat().st_size} bytes")
