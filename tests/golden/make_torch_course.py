"""Records the course's optimizers with PyTorch over a hundred steps on four problems: writes torch_course.json here.

Needs torch (CPU), which minidl itself never imports: in a scratch environment, `pip install torch==2.13.0`, then
`python tests/golden/make_torch_course.py`. The tests read the JSON only.
"""

import torch
from make_problems_adaptive import record, write
from make_torch_adaptive import update_of

# minidl's name and settings; PyTorch's name, and what PyTorch needs besides
CASES = [
    ("SGD", {"lr": 0.0005}, "SGD", {}),
    ("SGD", {"lr": 0.0002, "momentum": 0.9, "dampening": 0.3}, "SGD", {}),
    ("SGD", {"lr": 0.0002, "momentum": 0.8, "nesterov": True, "weight_decay": 0.1}, "SGD", {}),
    ("Nesterov", {"lr": 0.0001}, "SGD", {"momentum": 0.9, "nesterov": True}),
    ("Nesterov", {"lr": 0.0004, "momentum": 0.5}, "SGD", {"nesterov": True}),
    ("Nesterov", {"lr": 0.0002, "momentum": 0.8, "weight_decay": 0.3}, "SGD", {"nesterov": True}),
    ("AdaGrad", {}, "Adagrad", {}),
    ("AdaGrad", {"lr": 0.5, "lr_decay": 0.1, "eps": 1e-2}, "Adagrad", {}),
    ("AdaGrad", {"lr": 0.1, "weight_decay": 0.1}, "Adagrad", {}),
    ("AdaDelta", {}, "Adadelta", {}),
    ("AdaDelta", {"lr": 0.3, "rho": 0.5, "eps": 1e-2}, "Adadelta", {}),
    ("AdaDelta", {"lr": 0.5, "rho": 0.95, "eps": 1e-5, "weight_decay": 0.1}, "Adadelta", {}),
    ("RMSProp", {}, "RMSprop", {}),
    ("RMSProp", {"lr": 0.02, "alpha": 0.9, "eps": 1e-2, "centered": True}, "RMSprop", {}),
    ("RMSProp", {"lr": 0.005, "alpha": 0.8, "momentum": 0.7, "weight_decay": 0.1}, "RMSprop", {}),
    ("Adam", {}, "Adam", {}),
    ("Adam", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-2}, "Adam", {}),
    ("Adam", {"lr": 0.02, "betas": (0.8, 0.6), "weight_decay": 0.1}, "Adam", {}),
    ("AdamW", {}, "AdamW", {}),
    ("AdamW", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-2}, "AdamW", {}),
    ("AdamW", {"lr": 0.02, "betas": (0.8, 0.6), "weight_decay": 0.3, "amsgrad": True}, "AdamW", {}),
]  # fmt: skip


def main() -> None:
    cases = [record(name, given, update_of(theirs, {**more, **given})) for name, given, theirs, more in CASES]
    licence = "numbers computed with PyTorch (BSD-3-Clause); no code of it"
    write("torch", f"torch.optim {torch.__version__}", licence, cases, "course")


if __name__ == "__main__":
    main()
