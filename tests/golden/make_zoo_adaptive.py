"""Records pytorch_optimizer's adaptive optimizers: writes zoo_adaptive.json beside this file.

Needs torch and pytorch_optimizer (PyPI): in a scratch environment, `pip install torch==2.13.0 pytorch_optimizer==4.1`,
then `python tests/golden/make_zoo_adaptive.py`. The tests read the JSON only. Four departures of that library from
the papers are taken back here, where they would show in the ninth digit or with a large eps:
* AdaBound adds 1e-15 to the second moment: set to 0.
* QHAdam keeps its averages' weights in float32: replaced by float64 before the first step.
* LaProp adds eps before the second moment's bias correction: its eps is set to eps sqrt(1 - beta2^t) before each step.
* LaProp's coupled weight_decay is added after its gradient was used: L2 is added to the gradients here, for every rule.
"""

import functools

import torch
from make_problems_adaptive import record, start, write
from pytorch_optimizer import FTRL, MADGRAD, AdaBound, Adan, AdEMAMix, LaProp, QHAdam

torch.set_default_dtype(torch.float64)
AdaBound.apply_ams_bound = staticmethod(functools.partial(AdaBound.apply_ams_bound, exp_avg_sq_eps=0.0))
LaProp.apply_ams_bound = staticmethod(functools.partial(LaProp.apply_ams_bound, exp_avg_sq_eps=0.0))

# minidl's name and settings; their class, what is called otherwise there, and what it needs besides
CASES = [
    ("AdaBound", {}, AdaBound, {}, {}),
    ("AdaBound", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-2, "final_lr": 1e-3, "gamma": 0.1}, AdaBound, {}, {}),
    ("AdaBound", {"lr": [0.02, 0.01], "final_lr": 0.01, "gamma": 0.01, "weight_decay": 0.1, "amsbound": True}, AdaBound,
     {"amsbound": "ams_bound"}, {}),
    ("Adan", {}, Adan, {}, {}),
    ("Adan", {"lr": 0.1, "betas": (0.5, 0.7, 0.9), "eps": 1e-2}, Adan, {}, {}),
    ("Adan", {"lr": 0.02, "weight_decay": 0.3}, Adan, {}, {}),  # the proximal decay, as in the paper
    ("QHAdam", {"lr": 0.01, "nus": (0.7, 1.0), "betas": (0.995, 0.999)}, QHAdam, {}, {}),
    ("QHAdam", {"lr": 0.1, "nus": (0.6, 0.8), "betas": (0.5, 0.9), "eps": 1e-2}, QHAdam, {}, {}),
    ("QHAdam", {"lr": 0.02, "nus": (0.5, 0.5), "betas": (0.9, 0.99), "weight_decay": 0.1}, QHAdam, {}, {}),
    ("LaProp", {}, LaProp, {}, {}),
    ("LaProp", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-2}, LaProp, {}, {}),
    ("LaProp", {"lr": 0.02, "betas": (0.8, 0.99), "weight_decay": 0.1}, LaProp, {}, {}),
    ("AdEMAMix", {"lr": 0.01, "betas": (0.9, 0.99, 0.999), "alpha": 8.0, "warmup_steps": 60}, AdEMAMix,
     {"warmup_steps": "t_alpha_beta3"}, {}),
    ("AdEMAMix", {"lr": 0.05, "betas": (0.5, 0.9, 0.99), "eps": 1e-2, "warmup_steps": 1000, "weight_decay": 0.1},
     AdEMAMix, {"warmup_steps": "t_alpha_beta3"}, {"weight_decouple": True}),
    ("MADGRAD", {}, MADGRAD, {}, {"lr": 1e-2}),  # optax computes the step in float32
    ("MADGRAD", {"lr": 0.02, "momentum": 0.5, "eps": 1e-2}, MADGRAD, {}, {}),
    ("MADGRAD", {"lr": 0.02, "momentum": 0.0, "weight_decay": 0.1}, MADGRAD, {}, {}),
    ("FTRL", {}, FTRL, {}, {"lr": 0.1, "beta": 1.0}),
    ("FTRL", {"lr": 0.2, "beta": 0.5, "l1": 1e-2, "l2": 0.3}, FTRL, {"l1": "lambda_1", "l2": "lambda_2"}, {}),
]  # fmt: skip


def update_of(kind, ours: dict, names: dict, more: dict):
    settings = {names.get(k, k): v for k, v in ours.items()} | more
    rates = settings["lr"] if isinstance(settings.get("lr"), list) else None
    if rates:
        settings["lr"] = rates[0]
    decay = 0.0
    if kind is Adan or more.get("weight_decouple"):
        settings.setdefault("weight_decouple", False)
    else:
        decay = settings.pop("weight_decay", 0.0)
    parameters = [torch.tensor(w, requires_grad=True) for w in start()]
    optimizer = kind(parameters, foreach=False, **settings)
    group = optimizer.param_groups[0]
    eps = group.get("eps")

    def update(step, weights, gradients):
        for p, g, w in zip(parameters, gradients, weights, strict=True):
            p.grad = torch.tensor(g + decay * w)
            if kind is QHAdam and step == 0:
                zeros = {name: torch.zeros(1) for name in ("beta1_weight", "beta2_weight")}
                optimizer.state[p] = {**zeros, "exp_avg": torch.zeros_like(p), "exp_avg_sq": torch.zeros_like(p)}
        if kind is LaProp:
            group["eps"] = eps * (1 - group["betas"][1] ** (step + 1)) ** 0.5
        if rates:
            group["lr"] = rates[step >= 50]
        optimizer.step()
        return [p.detach().numpy() for p in parameters]

    return update


def main() -> None:
    cases = [record(name, ours, update_of(kind, ours, names, more)) for name, ours, kind, names, more in CASES]
    source = f"pytorch_optimizer 4.1 on torch {torch.__version__}, lr a pair: before and from step 50"
    write("zoo", source, "numbers computed with pytorch_optimizer (Apache-2.0); no code of it", cases)


if __name__ == "__main__":
    main()
