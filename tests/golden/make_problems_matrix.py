"""The problems on which matrix and second-order rules are compared, in NumPy, and how a run is recorded.

Imported by the make_*_matrix.py scripts and by the tests, so that a peer and minidl see the same numbers: they come
from integers, not from a random generator whose stream could change.
"""

import json
from pathlib import Path

import numpy as np

RECORDED = (1, 2, 3, 10, 50, 100)  # steps after which the weights are written down


def spread(count: int, seed: int) -> np.ndarray:
    """`count` numbers in (-1, 1), the same on every machine: a linear congruential sequence."""
    x, out = seed, []
    for _ in range(count + 5):
        x = (1664525 * x + 1013904223) % 2**32
        out.append(x / 2**31 - 1)
    return np.array(out[5:])


def reflection(n: int) -> np.ndarray:
    """An orthogonal matrix (Householder's) without a zero in it."""
    v = spread(n, 11)
    return np.eye(n) - 2 * np.outer(v, v) / (v @ v)


class LeastSquares:
    """f(W) = |X W - Y|^2 / (2 N), with columns of X between 1 and 1/30 in size; the gradient of step t is disturbed."""

    def __init__(self, rows: int, columns: int) -> None:
        self.shape, self.n = (rows, columns), rows + 20
        self.x = spread(self.n * rows, 1).reshape(self.n, rows) * 30 ** -np.linspace(0, 1, rows)
        self.y = 20 * spread(self.n * columns, 2).reshape(self.n, columns)
        self.start = spread(rows * columns, 3).reshape(rows, columns)

    def gradient(self, w: np.ndarray, t: int) -> np.ndarray:
        """The gradient at w of a sample that changes with t (1, 2, ...), as mini-batches make it."""
        weight = 1 + 0.5 * np.cos(t + np.arange(self.n))[:, None]
        return self.x.T @ (weight * (self.x @ w - self.y)) / self.n

    def sample(self, w: np.ndarray) -> list:
        """What is recorded: all weights, or of a large matrix every 457th and the norm."""
        flat = np.asarray(w, float).ravel()
        return flat.tolist() if flat.size < 100 else [*flat[::457].tolist(), float(np.linalg.norm(flat))]


LEAST_SQUARES = {f"{r}x{c}": LeastSquares(r, c) for r, c in [(8, 5), (5, 8), (130, 140)]}

# for the rules that ask for second derivatives, as (arrays of the start, loss of arrays or of any library's tensors)
QUADRATIC = reflection(6) @ np.diag(10 ** np.linspace(0, 3, 6)) @ reflection(6) / 100
MLP = json.loads(Path(__file__).with_name("pytorch_cpp_trajectories.json").read_text())
MLP_START = [np.array(w).reshape(s) for w, s in zip(MLP["start"], [(3, 2), (3,), (1, 3), (1,)], strict=True)]
STARTS = {
    "rosenbrock": [np.array([-1.2, 1.0])],
    "quadratic": [3 * spread(6, 12)],
    "mlp": MLP_START,
}


def loss_of(problem: str, params: list, constant) -> object:
    """The loss, in the operators that NumPy, torch and minidl share; `constant` makes an array of the library."""
    if problem == "rosenbrock":
        (p,) = params
        return 100 * (p[1] - p[0] * p[0]) * (p[1] - p[0] * p[0]) + (1 - p[0]) * (1 - p[0])
    if problem == "quadratic":
        (p,) = params
        return 0.5 * (p * (constant(QUADRATIC) @ p)).sum()
    w1, b1, w2, b2 = params
    x = constant(np.array(MLP["x"]))
    error = ((x @ w1.T + b1).sigmoid() @ w2.T + b2).sigmoid() - constant(np.array([[0.1], [0.9], [0.4]]))
    return (error * error).sum()


def rounded(x: float) -> float:
    return float(f"{x:.17g}")


def write(name: str, source: str, licence: str, cases: list) -> None:
    path = Path(__file__).with_name(f"{name}.json")
    text = json.dumps({"source": source, "licence": licence, "cases": cases}, separators=(",", ":"))
    path.write_text(text.replace('{"optimizer"', '\n{"optimizer"') + "\n")
    print(f"{path.name}: {len(cases)} cases, {path.stat().st_size} bytes")
