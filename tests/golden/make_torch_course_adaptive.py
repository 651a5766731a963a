"""Records PyTorch's optimizers of the course on the adaptive problems: writes torch_course_adaptive.json.

Needs torch (CPU), which minidl itself never imports: in a scratch environment, `pip install torch==2.13.0`, then
`python tests/golden/make_torch_course_adaptive.py`. The tests read the JSON only.
"""

import torch
from make_problems_adaptive import write
from make_torch_adaptive import record, update_of

# minidl's name and settings; PyTorch's name
CASES = [
    ("SGD", {"lr": 1e-3}, "SGD"),
    ("SGD", {"lr": 1e-3, "momentum": 0.9, "dampening": 0.3}, "SGD"),
    ("SGD", {"lr": 1e-3, "momentum": 0.5, "nesterov": True, "weight_decay": 0.3}, "SGD"),
    ("AdaGrad", {"lr": 0.1}, "Adagrad"),
    ("AdaGrad", {"lr": 0.3, "eps": 1e-2, "lr_decay": 0.1}, "Adagrad"),
    ("AdaGrad", {"lr": 0.1, "weight_decay": 0.3}, "Adagrad"),
    ("AdaDelta", {}, "Adadelta"),
    ("AdaDelta", {"lr": 0.5, "rho": 0.95, "eps": 1e-2}, "Adadelta"),
    ("AdaDelta", {"rho": 0.99, "eps": 1e-4, "weight_decay": 0.3}, "Adadelta"),
    ("RMSProp", {"lr": 1e-3}, "RMSprop"),
    ("RMSProp", {"lr": 0.01, "alpha": 0.9, "eps": 1e-2, "momentum": 0.9}, "RMSprop"),
    ("RMSProp", {"lr": 1e-3, "alpha": 0.95, "centered": True, "eps": 1e-2, "weight_decay": 0.3}, "RMSprop"),
    ("Adam", {"lr": 0.05}, "Adam"),
    ("Adam", {"lr": 0.05, "betas": (0.8, 0.95), "eps": 1e-2}, "Adam"),
    ("Adam", {"lr": 0.02, "betas": (0.8, 0.6), "weight_decay": 0.3, "amsgrad": True}, "Adam"),
    ("AdamW", {"lr": 0.05}, "AdamW"),
    ("AdamW", {"lr": 0.05, "betas": (0.8, 0.95), "eps": 1e-2, "weight_decay": 0.3}, "AdamW"),
    ("AdamW", {"lr": 0.02, "betas": (0.8, 0.6), "weight_decay": 1.0, "amsgrad": True}, "AdamW"),
]


def main() -> None:
    cases = [record(name, settings, update_of(theirs, settings)) for name, settings, theirs in CASES]
    licence = "numbers computed with PyTorch (BSD-3-Clause); no code of it"
    write("torch_course", f"torch.optim {torch.__version__}", licence, cases)


if __name__ == "__main__":
    main()
