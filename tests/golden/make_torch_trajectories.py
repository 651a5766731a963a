"""Records what PyTorch's optimizers do with given gradients: writes torch_trajectories.json beside this file.

Needs torch (CPU), which minidl itself never imports: in a scratch environment, `pip install torch==2.13.0`, then
`python tests/golden/make_torch_trajectories.py`. The tests read the JSON only.

The gradients are given, not computed, so that only the update rule is compared. They change from step to step, their
sizes range over six powers of ten, some are exactly zero, and the second parameter has none at all in one step.
"""

import json
import math
import random
from pathlib import Path

import torch

SHAPES = [(2, 3), (2, 3), (4,)]  # two share a shape: state kept by shape would be mixed up
STEPS = 10
CASES = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.3}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
    ("SGD", {"lr": 0.05, "momentum": 0.5, "dampening": 1.0, "weight_decay": 0.3}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.05, "momentum": 0.5, "nesterov": True, "weight_decay": 0.3}),
    ("Adagrad", {"lr": 0.1}),
    ("Adagrad", {"lr": 0.1, "eps": 1e-2}),
    ("Adagrad", {"lr": 0.1, "weight_decay": 0.3}),
    ("Adagrad", {"lr": 0.3, "lr_decay": 0.2}),
    ("Adagrad", {"lr": 0.3, "lr_decay": 0.2, "eps": 1e-2, "weight_decay": 0.3}),
    ("Adadelta", {}),
    ("Adadelta", {"eps": 1e-2}),
    ("Adadelta", {"lr": 0.5, "rho": 0.5, "weight_decay": 0.3}),
    ("Adadelta", {"rho": 0.99, "eps": 1e-2, "weight_decay": 0.3}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.1, "alpha": 0.9, "eps": 1e-2}),
    ("RMSprop", {"lr": 0.1, "alpha": 0.5, "weight_decay": 0.3}),
    ("RMSprop", {"lr": 0.1, "momentum": 0.9}),
    ("RMSprop", {"lr": 0.1, "alpha": 0.9, "centered": True}),
    ("RMSprop", {"lr": 0.1, "alpha": 0.9, "centered": True, "momentum": 0.5, "eps": 1e-2, "weight_decay": 0.3}),
    ("Adam", {"lr": 0.1}),
    ("Adam", {"lr": 0.1, "eps": 1e-2}),
    ("Adam", {"lr": 0.1, "weight_decay": 0.3}),
    ("Adam", {"lr": 0.1, "betas": (0.5, 0.9)}),
    ("Adam", {"lr": 0.1, "betas": (0.5, 0.9), "amsgrad": True}),
    ("Adam", {"lr": 0.1, "betas": (0.8, 0.6), "amsgrad": True, "eps": 1e-2, "weight_decay": 0.3}),
    ("AdamW", {"lr": 0.1}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.3, "eps": 1e-2}),
    ("AdamW", {"lr": 0.1, "betas": (0.5, 0.9), "weight_decay": 0.3}),
    ("AdamW", {"lr": 0.1, "betas": (0.5, 0.9), "amsgrad": True}),
    ("AdamW", {"lr": 0.1, "betas": (0.8, 0.6), "amsgrad": True, "eps": 1e-2, "weight_decay": 0.3}),
]


def numbers(rng: random.Random, shape: tuple, low: float, high: float, zeros: float) -> list:
    """Nested lists of that shape: random signs, sizes 10^low to 10^high, a fraction of exact zeros."""
    if not shape:
        return 0.0 if rng.random() < zeros else round(rng.choice([-1, 1]) * 10 ** rng.uniform(low, high), 8)
    return [numbers(rng, shape[1:], low, high, zeros) for _ in range(shape[0])]


def problem(missing: bool) -> tuple[list, list]:
    rng = random.Random(7)
    start = [numbers(rng, shape, -1, 0.5, 0) for shape in SHAPES]
    gradients = []
    for step in range(STEPS):
        shift = 1.5 * math.cos(step)  # whole steps are large or small, so that the largest v of AMSGrad matters
        gradients.append([numbers(rng, shape, -3 + shift, 1 + shift, 0.15) for shape in SHAPES])
    gradients[0][2][1] = gradients[0][0][0][0] = 0.0
    if missing:
        gradients[4][1] = None
    return start, gradients


def record(optimizer: str, settings: dict, start: list, gradients: list) -> list:
    parameters = [torch.tensor(w, dtype=torch.float64, requires_grad=True) for w in start]
    torch_optimizer = getattr(torch.optim, optimizer)(parameters, foreach=False, **settings)
    weights = []
    for step in gradients:
        for p, g in zip(parameters, step, strict=True):
            p.grad = None if g is None else torch.tensor(g, dtype=torch.float64)
        torch_optimizer.step()
        weights.append([p.tolist() for p in parameters])
    return weights


def main() -> None:
    start, gradients = problem(missing=True)
    cases = [
        {"optimizer": name, "settings": settings, "weights": record(name, settings, start, gradients)}
        for name, settings in CASES
    ]
    about = (
        f"torch.optim {torch.__version__}, float64, recorded by make_torch_trajectories.py. weights[k] are the "
        "parameters after step k with gradients[k]; null: no gradient in this step."
    )
    licence = "numbers computed with PyTorch (BSD-3-Clause); no code of it is contained"
    data = {"source": about, "licence": licence, "start": start, "gradients": gradients, "cases": cases}
    path = Path(__file__).with_name("torch_trajectories.json")
    path.write_text(json.dumps(data, separators=(",", ":")).replace('{"optimizer"', '\n{"optimizer"') + "\n")
    print(f"{path.name}: {len(cases)} trajectories, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
