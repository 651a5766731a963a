"""Records the rates of PyTorch's schedulers, step by step: writes torch_schedules.json beside this file.

Needs torch (CPU), which minidl itself never imports: in a scratch environment, `pip install torch==2.13.0`, then
`python tests/golden/make_torch_schedules.py`. The tests read the JSON only.

ReduceLROnPlateau is driven by given metrics: noisy ones that fall, stand still, and fall again, and some NaNs.
"""

import json
import math
import random
import warnings
from pathlib import Path

import torch
from torch.optim import lr_scheduler as torch_schedules

# (scheduler, base rate, its settings, steps)
CASES = [
    ("StepLR", 0.1, {"step_size": 7}, 40),
    ("StepLR", 0.3, {"step_size": 3, "gamma": 0.7}, 40),
    ("MultiStepLR", 0.1, {"milestones": [5, 12, 30]}, 40),
    ("MultiStepLR", 0.3, {"milestones": [1, 2], "gamma": 0.5}, 10),
    ("ExponentialLR", 0.1, {"gamma": 0.95}, 50),
    ("PolynomialLR", 0.1, {"total_iters": 20, "power": 1.0}, 30),
    ("PolynomialLR", 0.3, {"total_iters": 13, "power": 2.5}, 20),
    ("PolynomialLR", 0.3, {"total_iters": 13, "power": 0.5}, 20),
    ("LinearLR", 0.1, {}, 10),
    ("LinearLR", 0.3, {"start_factor": 0.9, "end_factor": 0.2, "total_iters": 9}, 15),
    ("CosineAnnealingLR", 0.1, {"T_max": 20}, 21),
    ("CosineAnnealingLR", 0.3, {"T_max": 33, "eta_min": 0.03}, 34),
    ("CosineAnnealingWarmRestarts", 0.1, {"T_0": 7}, 40),
    ("CosineAnnealingWarmRestarts", 0.3, {"T_0": 5, "T_mult": 2, "eta_min": 0.03}, 80),
    ("CosineAnnealingWarmRestarts", 0.3, {"T_0": 1, "T_mult": 3}, 121),
    ("CyclicLR", 0.1, {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 7, "step_size_down": 4}, 60),
    ("CyclicLR", 0.1, {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 3, "step_size_down": 8,
                       "mode": "triangular2"}, 60),
    ("CyclicLR", 0.1, {"base_lr": 0.02, "max_lr": 0.3, "step_size_up": 6, "mode": "exp_range", "gamma": 0.97}, 60),
    ("OneCycleLR", 0.1, {"max_lr": 0.1, "total_steps": 50}, 50),
    ("OneCycleLR", 0.1, {"max_lr": 1.0, "total_steps": 37, "pct_start": 0.25, "anneal_strategy": "linear"}, 37),
    ("OneCycleLR", 0.1, {"max_lr": 0.7, "total_steps": 40, "three_phase": True, "final_div_factor": 10.0}, 40),
    ("OneCycleLR", 0.1, {"max_lr": 0.7, "total_steps": 41, "three_phase": True, "pct_start": 0.5, "div_factor": 3.0,
                         "anneal_strategy": "linear"}, 41),
    ("OneCycleLR", 0.1, {"max_lr": 1.0, "total_steps": 12, "pct_start": 0.0}, 12),
    ("OneCycleLR", 0.1, {"max_lr": 1.0, "total_steps": 12, "pct_start": 1.0}, 12),
    ("OneCycleLR", 0.1, {"max_lr": 1.0, "total_steps": 3}, 3),
]  # fmt: skip

PLATEAU = [
    {},
    {"patience": 0},
    {"patience": 2, "factor": 0.5},
    {"patience": 2, "factor": 0.5, "cooldown": 3},
    {"patience": 1, "threshold": 0.1, "cooldown": 1, "min_lr": 0.004},
    {"patience": 1, "threshold": 0.05, "threshold_mode": "abs", "factor": 0.3},
    {"patience": 3, "mode": "max", "factor": 0.2, "threshold": 0.02},
    {"patience": 0, "mode": "max", "threshold_mode": "abs", "threshold": 0.02, "factor": 0.8, "eps": 5e-4},
]


def optimizer(lr: float) -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr, momentum=0.9)


def rates(name: str, lr: float, settings: dict, steps: int) -> list[float]:
    sgd = optimizer(lr)
    schedule = getattr(torch_schedules, name)(sgd, **settings)
    seen = []
    for step in range(steps):
        seen.append(sgd.param_groups[0]["lr"])
        if step + 1 < steps:
            sgd.step()
            schedule.step()
    return seen


def chain() -> dict:
    """A linear warm-up, then a cosine: PyTorch's SequentialLR."""
    sgd = optimizer(0.2)
    parts = [
        torch_schedules.LinearLR(sgd, start_factor=0.1, total_iters=6),
        torch_schedules.CosineAnnealingLR(sgd, T_max=20, eta_min=0.01),
    ]
    schedule = torch_schedules.SequentialLR(sgd, parts, milestones=[6])
    seen = []
    for _ in range(26):
        seen.append(sgd.param_groups[0]["lr"])
        sgd.step()
        schedule.step()
    return {"lr": 0.2, "rates": seen}


def metrics(seed: int, upwards: bool) -> list[float | None]:
    rng = random.Random(seed)
    level, values = 2.0, []
    for epoch in range(90):
        level *= 0.85 if epoch % 30 < 8 else 1.0
        values.append(None if epoch in (9, 40) else round(level * (1 + 0.03 * rng.uniform(-1, 1)), 6))
    return [x if x is None else 3 - x for x in values] if upwards else values


def plateau(settings: dict, seed: int) -> dict:
    sgd = optimizer(0.1)
    schedule = torch_schedules.ReduceLROnPlateau(sgd, **settings)
    told = metrics(seed, settings.get("mode") == "max")
    seen = []
    for x in told:
        sgd.step()
        schedule.step(math.nan if x is None else x)
        seen.append(sgd.param_groups[0]["lr"])
    return {"settings": settings, "lr": 0.1, "metrics": told, "rates": seen}


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # of lr_scheduler.step() before optimizer.step(): there are no gradients
    file = Path(__file__).parent / "torch_schedules.json"
    record = {
        "library": f"torch {torch.__version__}",
        "schedules": [
            {"name": name, "lr": lr, "settings": settings, "rates": rates(name, lr, settings, steps)}
            for name, lr, settings, steps in CASES
        ],
        "sequential": chain(),
        "plateau": [plateau(settings, seed) for seed, settings in enumerate(PLATEAU)],
    }
    file.write_text(json.dumps(record, indent=None, separators=(",", ":")) + "\n")
    print(f"{len(record['schedules'])} schedules and {len(record['plateau'])} plateaus in {file.name}")
