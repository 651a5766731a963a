"""Records MLX's optimizers as they come: writes mlx_conventions.json beside this file.

Needs MLX for the CPU: in a scratch environment, `pip install "mlx[cpu]==0.32.4" numpy`, then
`python tests/golden/make_mlx_conventions.py`. The tests read the JSON only. MLX keeps its rate in float32: it is put
back in float64 here. Its Adam and Adamax have no weight decay: L2 is added to the gradients. Its Muon stores (out, in):
it gets the transposes, and a product in float64 for addmm, whose factors are float32. Left out are Adafactor and the
bias correction of Adam, whose powers of t are computed in float32.
"""

from importlib.metadata import version

import mlx.core as mx
import mlx.optimizers
import numpy as np
from make_problems_conventions import record, starts, write_file
from make_problems_matrix import LEAST_SQUARES

mx.set_default_device(mx.cpu)
mx.addmm = lambda c, a, b, alpha, beta: beta * c + alpha * (a @ b)

CASES = [
    ("SGD(params, lr=1e-3, momentum=0.9)", "SGD(1e-3, momentum=0.9)"),
    ("SGDDampenedStart(params, lr=1e-3, momentum=0.9, dampening=0.5)", "SGD(1e-3, momentum=0.9, dampening=0.5)"),
    ("SGDDampenedStart(params, lr=2e-3, momentum=0.5, dampening=0.3, weight_decay=0.3)",
     "SGD(2e-3, momentum=0.5, dampening=0.3, weight_decay=0.3)"),
    ("SGDDampenedStart(params, lr=1e-3, momentum=0.9, nesterov=True)", "SGD(1e-3, momentum=0.9, nesterov=True)"),
    ("Nesterov(params, lr=1e-3, momentum=0.9)", "SGD(1e-3, momentum=0.9, nesterov=True)"),
    ("AdaGrad(params, lr=0.1, eps=1e-8)", "Adagrad(0.1)"),
    ("AdaDelta(params)", "AdaDelta(1.0)"),
    ("RMSProp(params, lr=1e-3)", "RMSprop(1e-3)"),
    ("AdamUncorrected(params)", "Adam(1e-3)"),
    ("AdamUncorrected(params, lr=0.1, betas=(0.5, 0.9), eps=1e-2)", "Adam(0.1, betas=[0.5, 0.9], eps=1e-2)"),
    ("AdamUncorrected(params, lr=0.02, weight_decay=0.1)", "Adam(0.02)"),
    ("AdaMaxUncorrected(params, lr=1e-3)", "Adamax(1e-3)"),
    ("AdaMaxUncorrected(params, lr=0.005, betas=(0.9, 0.95), eps=1e-2)", "Adamax(0.005, betas=[0.9, 0.95], eps=1e-2)"),
    ("AdaMaxUncorrected(params, lr=0.02, betas=(0.8, 0.99), weight_decay=0.1)", "Adamax(0.02, betas=[0.8, 0.99])"),
    ("Lion(params)", "Lion(1e-4)"),
]
MUON = [
    ("MuonCoupledDecay(params, lr=0.02, weight_decay=0.01)", "Muon(0.02)"),
    ("MuonCoupledDecay(params, lr=0.05, momentum=0.7, weight_decay=0.3)", "Muon(0.05, momentum=0.7, weight_decay=0.3)"),
    ("MuonCoupledDecay(params, lr=0.02, weight_decay=3.0, nesterov=False)",
     "Muon(0.02, weight_decay=3.0, nesterov=False)"),
]  # fmt: skip


def update_of(theirs: str, problem: str, l2: float = 0.0):
    optimizer = eval(f"mlx.optimizers.{theirs}", {"mlx": mlx})
    rate = float(theirs[theirs.index("(") + 1 :].split(",")[0].rstrip(")"))
    turn = np.transpose if problem != "all" else np.asarray
    optimizer.init({str(i): mx.array(turn(w), dtype=mx.float64) for i, w in enumerate(starts(problem))})
    optimizer.state["learning_rate"] = mx.array(rate, dtype=mx.float64)

    def update(step, weights, gradients):
        w = {str(i): mx.array(turn(x), dtype=mx.float64) for i, x in enumerate(weights)}
        pairs = zip(gradients, weights, strict=True)
        g = {str(i): mx.array(turn(x + l2 * y), dtype=mx.float64) for i, (x, y) in enumerate(pairs)}
        made = optimizer.apply_gradients(g, w)
        mx.eval(made, optimizer.state)
        return [turn(np.array(made[str(i)])) for i in range(len(weights))]

    return update


def main() -> None:
    cases = []
    for w, t in CASES:
        l2 = 0.1 if "weight_decay=0.1" in w else 0.0
        cases.append(record(w, f"mlx.optimizers.{t}", lambda t=t, l2=l2: update_of(t, "all", l2)))
    for w, t in MUON:
        cases += [record(w, f"mlx.optimizers.{t}", lambda t=t, n=n: update_of(t, n), n) for n in LEAST_SQUARES]
    write_file("mlx", f"mlx {version('mlx')} (CPU)", "MLX (MIT)", cases)


if __name__ == "__main__":
    main()
