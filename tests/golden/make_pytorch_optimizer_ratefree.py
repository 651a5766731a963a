"""Records what optax lacks of rate-free rules, Schedule-Free and averages of weights, in pytorch_optimizer and torch.

Writes pytorch_optimizer_ratefree.json beside this file. Needs both: in a scratch environment, `pip install
pytorch_optimizer==4.1.0 torch==2.13.0`, then `python tests/golden/make_pytorch_optimizer_ratefree.py`. The tests read
the JSON only. Covered: no bias correction (the default of the authors' own code of Prodigy and D-Adaptation), warm-up
and the power r of Schedule-Free, two parameter groups, and torch.optim.swa_utils.

Not taken from here: SAM, whose norm pytorch_optimizer 4.1 rounds to float32.
"""

from importlib.metadata import version

import numpy as np
import pytorch_optimizer
import torch
from make_problems_ratefree import KEPT, problems, write
from torch.optim import swa_utils

torch.set_default_dtype(torch.float64)  # pytorch_optimizer keeps its shared numbers in the default dtype

# minidl's name and settings (warmup: lr rises linearly over so many steps, to lr / warmup in the first), and the
# class and settings here
RULES = [
    ("DAdaptAdam", {"d0": 1e-3, "bias_correction": False},
     "DAdaptAdam", {"d0": 1e-3, "bias_correction": False}),
    ("DAdaptAdam", {"lr": 0.3, "d0": 1e-2, "betas": [0.8, 0.95], "eps": 1e-2, "weight_decay": 0.1,
                    "bias_correction": False},
     "DAdaptAdam", {"lr": 0.3, "d0": 1e-2, "betas": (0.8, 0.95), "eps": 1e-2, "weight_decay": 0.1,
                    "weight_decouple": True, "bias_correction": False}),
    ("Prodigy", {"d0": 1e-3, "bias_correction": False}, "Prodigy", {"d0": 1e-3, "bias_correction": False}),
    ("Prodigy", {"lr": 0.3, "d0": 1e-2, "betas": [0.8, 0.95], "eps": 1e-2, "weight_decay": 0.1,
                 "bias_correction": False, "safeguard_warmup": True},
     "Prodigy", {"lr": 0.3, "d0": 1e-2, "betas": (0.8, 0.95), "eps": 1e-2, "weight_decay": 0.1,
                 "bias_correction": False, "safeguard_warmup": True}),
    ("ScheduleFreeSGD", {"lr": 1e-3, "warmup": 10}, "ScheduleFreeSGD", {"lr": 1e-3, "warmup_steps": 10}),
    ("ScheduleFreeSGD", {"lr": 1e-3, "r": 1.0, "momentum": 0.7, "weight_decay": 0.1, "warmup": 30},
     "ScheduleFreeSGD", {"lr": 1e-3, "r": 1.0, "momentum": 0.7, "weight_decay": 0.1, "warmup_steps": 30}),
    ("ScheduleFreeAdamW", {"lr": 0.05, "r": 0.5, "eps": 1e-2, "betas": [0.95, 0.99], "weight_decay": 0.1,
                           "weight_lr_power": 1.0, "warmup": 30},
     "ScheduleFreeAdamW", {"lr": 0.05, "r": 0.5, "eps": 1e-2, "betas": (0.95, 0.99), "weight_decay": 0.1,
                           "weight_lr_power": 1.0, "warmup_steps": 30}),
]  # fmt: skip


def record(name, settings, start, loss):
    w = [torch.tensor(x, requires_grad=True) for x in start]
    optimizer = getattr(pytorch_optimizer, name)(w, foreach=False, **settings)
    weights, evaluated = {}, {}
    for step in range(1, max(KEPT) + 1):
        optimizer.zero_grad()
        loss(w).backward()
        optimizer.step()
        if step in KEPT:
            weights[step] = [p.tolist() for p in w]
            if "ScheduleFree" in name:
                copies = [p.detach().clone() for p in w]
                optimizer.eval()
                evaluated[step] = [p.tolist() for p in w]
                optimizer.train()
                for p, copy in zip(w, copies, strict=True):  # the way back rounds
                    p.data.copy_(copy)
    return {"weights": weights} | ({"evaluated": evaluated} if evaluated else {})


def averages():
    rng = np.random.default_rng(6)
    weights = (rng.normal(size=(12, 3)) * 10.0 ** rng.uniform(-2, 2, size=3)).tolist()
    made = {}
    for name, function in {
        "0.9": swa_utils.get_ema_multi_avg_fn(0.9), "0.5": swa_utils.get_ema_multi_avg_fn(0.5),
        "swa": swa_utils.get_swa_multi_avg_fn(),
    }.items():  # fmt: skip
        model = torch.nn.ParameterList([torch.nn.Parameter(torch.zeros(3))])
        averaged, made[name] = swa_utils.AveragedModel(model, multi_avg_fn=function), []
        for w in weights:
            model[0].data.copy_(torch.tensor(w))
            averaged.update_parameters(model)
            made[name].append(next(averaged.parameters()).tolist())
    return {"weights": weights, **made}


def main() -> None:
    cases = []
    for problem, (start, loss) in problems(torch.tensor, torch.sigmoid).items():
        for rule, settings, name, theirs in RULES:
            cases.append({"rule": rule, "settings": settings, "problem": problem, **record(name, theirs, start, loss)})
    about = (
        f"pytorch_optimizer {version('pytorch_optimizer')}, torch {torch.__version__}, float64, recorded by "
        "make_pytorch_optimizer_ratefree.py. The settings are minidl's. weights[k] are the parameters after k steps, "
        "evaluated[k] what Schedule-Free evaluates; averages: torch.optim.swa_utils"
    )
    licence = (
        "numbers computed with pytorch_optimizer (Apache-2.0) and PyTorch (BSD-3-Clause); no code of them is contained"
    )
    write("pytorch_optimizer_ratefree.json", about, licence, cases, averages=averages())


if __name__ == "__main__":
    main()
