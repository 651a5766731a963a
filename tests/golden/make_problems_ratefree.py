"""The problems on which make_optax_ratefree.py and make_pytorch_optimizer_ratefree.py record, for any array library.

Each is (start, f): a list of nested lists, and the loss of a list of arrays. `sigmoid` and `matmul` are the library's.
"""

import json
from pathlib import Path

KEPT = (1, 2, 3, 5, 10, 20, 50, 100)  # the recorded steps
CURVATURE = [10.0 ** (-3 + 0.6 * i) for i in range(6)]  # condition 1000

_MLP = json.loads(Path(__file__).with_name("pytorch_cpp_trajectories.json").read_text())
_MLP_START = [
    [_MLP["start"][0][i : i + 2] for i in (0, 2, 4)], _MLP["start"][1], [_MLP["start"][2]], _MLP["start"][3],
]  # fmt: skip


def problems(array, sigmoid):
    """name -> (start, loss); array makes a constant of the library from nested lists."""
    curvature, x = array(CURVATURE), array(_MLP["x"])

    def rosenbrock(w):
        return (1 - w[0][0]) ** 2 + 100 * (w[0][1] - w[0][0] ** 2) ** 2

    def quadratic(w):
        return 0.5 * (curvature * w[0] * w[0]).sum()

    def mlp(w):
        w1, b1, w2, b2 = w
        return sigmoid(sigmoid(x @ w1.T + b1) @ w2.T + b2).sum()

    return {
        "rosenbrock": ([[-1.2, 1.0]], rosenbrock),
        "quadratic": ([[1.0, -2.0, 3.0, -1.0, 0.5, -0.25]], quadratic),
        "mlp": (_MLP_START, mlp),
    }


def write(name, about, licence, cases, **more):
    """The JSON beside this file: one case a line."""
    data = {"source": about, "licence": licence, **more, "cases": cases}
    path = Path(__file__).with_name(name)
    path.write_text(json.dumps(data, separators=(",", ":")).replace('{"rule"', '\n{"rule"') + "\n")
    print(f"{path.name}: {len(cases)} trajectories, {path.stat().st_size} bytes")
