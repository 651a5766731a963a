"""Records PyTorch's adaptive optimizers: writes torch_adaptive.json beside this file.

Needs torch (CPU), which minidl itself never imports: in a scratch environment, `pip install torch==2.13.0`, then
`python tests/golden/make_torch_adaptive.py`. The tests read the JSON only.
"""

import torch
from make_problems_adaptive import record, start, write

torch.set_default_dtype(torch.float64)  # or NAdam keeps its product of mu in float32

# minidl's name and settings; PyTorch's name, and what PyTorch needs besides or instead
CASES = [
    ("AMSGrad", {"lr": 0.05}, "Adam", {"amsgrad": True}),
    ("AMSGrad", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-2}, "Adam", {"amsgrad": True}),
    ("AMSGrad", {"lr": 0.02, "betas": (0.8, 0.6), "weight_decay": 0.1}, "Adam", {"amsgrad": True}),
    ("AdaMax", {}, "Adamax", {}),
    ("AdaMax", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-2}, "Adamax", {}),
    ("AdaMax", {"lr": 0.02, "betas": (0.8, 0.6), "weight_decay": 0.1}, "Adamax", {}),
    ("NAdam", {}, "NAdam", {}),
    ("NAdam", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-2, "momentum_decay": 0.1}, "NAdam", {}),
    ("NAdam", {"lr": 0.02, "weight_decay": 0.1, "momentum_decay": 1.0}, "NAdam", {}),
    ("NAdamW", {}, "NAdam", {"decoupled_weight_decay": True, "weight_decay": 0.01}),
    ("NAdamW", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-2}, "NAdam",
     {"decoupled_weight_decay": True, "weight_decay": 0.01}),
    ("NAdamW", {"lr": 0.02, "weight_decay": 0.3}, "NAdam", {"decoupled_weight_decay": True}),
    ("RAdam", {}, "RAdam", {}),
    ("RAdam", {"lr": 0.002, "betas": (0.5, 0.9), "eps": 1e-2}, "RAdam", {}),
    ("RAdam", {"lr": 0.0005, "weight_decay": 0.1}, "RAdam", {}),
    ("RAdam", {"lr": 0.0001, "betas": (0.9, 0.6)}, "RAdam", {}),  # rho never exceeds 5
    ("Adafactor", {}, "Adafactor", {}),
    ("Adafactor", {"lr": 0.1, "eps": (1e-2, 5e-2), "beta2_decay": -0.5}, "Adafactor", {}),
    ("Adafactor", {"lr": 0.5, "d": 2.0, "weight_decay": 0.1}, "Adafactor", {}),
]  # fmt: skip


def update_of(name: str, settings: dict):
    parameters = [torch.tensor(w, requires_grad=True) for w in start()]
    optimizer = getattr(torch.optim, name)(parameters, foreach=False, **settings)

    def update(step, weights, gradients):
        for p, g in zip(parameters, gradients, strict=True):
            p.grad = torch.tensor(g)
        optimizer.step()
        return [p.detach().numpy() for p in parameters]

    return update


def main() -> None:
    cases = [record(name, given, update_of(theirs, {**more, **given})) for name, given, theirs, more in CASES]
    licence = "numbers computed with PyTorch (BSD-3-Clause); no code of it"
    write("torch", f"torch.optim {torch.__version__}", licence, cases)


if __name__ == "__main__":
    main()
