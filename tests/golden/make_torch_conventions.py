"""Records PyTorch's optimizers and two PyTorch collections as they come: writes torch_conventions.json,
pytorch_optimizer_conventions.json and torch_optimizer_conventions.json beside this file.

Needs torch (CPU) and the collections: in a scratch environment, `pip install torch==2.13.0 pytorch_optimizer==4.1.0
torch_optimizer==0.3.0`, then `python tests/golden/make_torch_conventions.py`. The tests read the JSON only. Recorded
too: a scheduler beyond its period, the rate of ReduceLROnPlateau, a clipped gradient, an average of weights.
"""

import warnings
from pathlib import Path

import pytorch_optimizer
import torch
import torch_optimizer
from make_problems_conventions import record, starts, write_file
from make_problems_matrix import LEAST_SQUARES, spread
from torch.optim import lr_scheduler, swa_utils

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
warnings.simplefilter("ignore")

TORCH = [
    ("SGD(params, lr=1e-3, momentum=0.9)", "torch.optim.SGD(params, 1e-3, momentum=0.9)"),
    ("SGD(params, lr=1e-3, momentum=0.9, dampening=0.5)", "torch.optim.SGD(params, 1e-3, momentum=0.9, dampening=0.5)"),
    ("Nesterov(params, lr=1e-3, momentum=0.9)", "torch.optim.SGD(params, 1e-3, momentum=0.9, nesterov=True)"),
    ("AdaGrad(params)", "torch.optim.Adagrad(params)"),
    ("AdaDelta(params)", "torch.optim.Adadelta(params)"),
    ("RMSProp(params)", "torch.optim.RMSprop(params)"),
    ("Adam(params)", "torch.optim.Adam(params)"),
    ("Adam(params, weight_decay=0.01)", "torch.optim.Adam(params, weight_decay=0.01)"),
    ("AMSGrad(params)", "torch.optim.Adam(params, amsgrad=True)"),
    ("AdaMax(params)", "torch.optim.Adamax(params)"),
    ("NAdam(params)", "torch.optim.NAdam(params)"),
    ("NAdamW(params)", "torch.optim.NAdam(params, weight_decay=0.01, decoupled_weight_decay=True)"),
    ("AdamW(params)", "torch.optim.AdamW(params)"),
    ("RAdam(params)", "torch.optim.RAdam(params)"),
    ("ASGD(params, lr=1e-3)", "torch.optim.ASGD(params, 1e-3)"),
    ("Adafactor(params)", "torch.optim.Adafactor(params)"),
]
RPROP = [("Rprop(params)", "torch.optim.Rprop(params)")]  # its g g_prev underflows where the sigmoids are flat
ZOO = [
    ("RAdamSkipping(params)", "pytorch_optimizer.RAdam(params)"),
    ("RAdamSkipping(params, lr=0.02, betas=(0.9, 0.95), eps=1e-2)",
     "pytorch_optimizer.RAdam(params, 0.02, betas=(0.9, 0.95), eps=1e-2)"),
    ("RAdamSkipping(params, lr=0.02, weight_decay=0.1)",
     "pytorch_optimizer.RAdam(params, 0.02)"),  # L2 is added to the gradients: it leaves it out
    ("RAdam(params)", "pytorch_optimizer.RAdam(params, degenerated_to_sgd=True)"),
    ("Lion(params)", "pytorch_optimizer.Lion(params)"),
    ("Adan(params)", "pytorch_optimizer.Adan(params)"),
    ("QHAdam(params, nus=(1.0, 1.0), betas=(0.9, 0.999))", "pytorch_optimizer.QHAdam(params)"),
    ("SGDW(params, lr=1e-3, weight_decay=1e-2)", "pytorch_optimizer.SGDW(params, 1e-3, weight_decay=1e-2)"),
    ("", "pytorch_optimizer.ASGD(params)"),
]  # fmt: skip
COLLECTION = [
    ("LAMBClamped(params)", "torch_optimizer.Lamb(params)"),
    ("LAMBClamped(params, lr=0.1, betas=(0.5, 0.9), eps=1e-2)", "torch_optimizer.Lamb(params, 0.1, (0.5, 0.9), 1e-2)"),
    ("LAMBClamped(params, lr=0.02, weight_decay=0.3, max_norm=1.5)",
     "torch_optimizer.Lamb(params, 0.02, weight_decay=0.3, clamp_value=1.5)"),
    ("LARSRateOutside(params, lr=0.01, weight_decay=0.3, trust_coefficient=0.01, eps=1e-8)",
     "torch_optimizer.LARS(params, momentum=0.9, weight_decay=0.3)"),
    ("LARSRateOutside(params, lr=0.1, momentum=0.5, weight_decay=3.0, trust_coefficient=0.01, eps=1e-2)",
     "torch_optimizer.LARS(params, 0.1, momentum=0.5, weight_decay=3.0, eps=1e-2)"),
    ("AdaBound(params)", "torch_optimizer.AdaBound(params)"),
    ("Yogi(params)", "torch_optimizer.Yogi(params)"),
    ("AdaBelief(params, eps=1e-8)", "torch_optimizer.AdaBelief(params)"),
]  # fmt: skip
SHAMPOO = [
    ("Shampoo(params, lr=0.5)", "pytorch_optimizer.Shampoo(params, 0.5, matrix_eps=1e-4)"),
    ("Shampoo(params, lr=0.3, eps=1e-2, weight_decay=0.3)",
     "pytorch_optimizer.Shampoo(params, 0.3, matrix_eps=1e-2, weight_decay=0.3)"),
    ("Shampoo(params, lr=1.0, eps=1.0)", "pytorch_optimizer.Shampoo(params, 1.0, matrix_eps=1.0)"),
]
SEQUENTIAL = [
    ("ShampooSequential(params)", "torch_optimizer.Shampoo(params)"),
    ("ShampooSequential(params, lr=0.3, eps=1e-2, weight_decay=0.3)",
     "torch_optimizer.Shampoo(params, 0.3, epsilon=1e-2, weight_decay=0.3)"),
    ("ShampooSequential(params, lr=1.0, eps=1.0, precondition_frequency=7)",
     "torch_optimizer.Shampoo(params, 1.0, epsilon=1.0, update_freq=7)"),
]
ADAFACTOR = [
    ("Adafactor(params)", "torch.optim.Adafactor(params)"),
    ("Adafactor(params, lr=0.1, eps=(1e-2, 5e-2))", "torch.optim.Adafactor(params, 0.1, eps=(1e-2, 5e-2))"),
    ("Adafactor(params, lr=0.03, d=2.0, weight_decay=0.1)",
     "torch.optim.Adafactor(params, 0.03, d=2.0, weight_decay=0.1)"),
]  # fmt: skip


def update_of(theirs: str, problem: str, l2: float):
    params = [torch.tensor(w, requires_grad=True) for w in starts(problem)]
    names = {"torch": torch, "pytorch_optimizer": pytorch_optimizer, "torch_optimizer": torch_optimizer}
    optimizer = eval(theirs, names | {"params": params})
    qhadam = isinstance(optimizer, pytorch_optimizer.QHAdam)

    def update(step, weights, gradients):
        for p, w, g in zip(params, weights, gradients, strict=True):
            p.data.copy_(torch.tensor(w))
            p.grad = torch.tensor(g + l2 * w)
            if qhadam and step == 0:  # it keeps its averages' weights in float32
                zeros = {name: torch.zeros(1) for name in ("beta1_weight", "beta2_weight")}
                optimizer.state[p] = {**zeros, "exp_avg": torch.zeros_like(p), "exp_avg_sq": torch.zeros_like(p)}
        optimizer.step()
        return [p.detach().numpy() for p in params]

    return update


def many(cases, problems=("all",)) -> list[dict]:
    made = []
    for write, theirs in cases:
        l2 = 0.1 if "weight_decay=0.1" in write and "weight_decay" not in theirs else 0.0
        made += [record(write, theirs, lambda t=theirs, n=n, d=l2: update_of(t, n, d), n) for n in problems]
    return made


def cosine_beyond_its_period() -> dict:
    sgd = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    schedule, rates = lr_scheduler.CosineAnnealingLR(sgd, 20), []
    for _ in range(90):
        rates.append(sgd.param_groups[0]["lr"])
        schedule.step()
    return {"write": "lambda step: schedules.Cosine(0.1, 20)(abs((step + 20) % 40 - 20))",
            "theirs": "lr_scheduler.CosineAnnealingLR(optimizer, 20)", "rates": rates}  # fmt: skip


def piecewise() -> dict:
    sgd = torch.optim.SGD([torch.zeros(1)], lr=0.5)
    schedule, rates = lr_scheduler.MultiStepLR(sgd, [4, 9]), []
    for _ in range(15):
        rates.append(sgd.param_groups[0]["lr"])
        schedule.step()
    return {"write": "schedules.MultiStep(0.5, [4, 9])", "theirs": "lr_scheduler.MultiStepLR(optimizer, [4, 9])",
            "rates": rates}  # fmt: skip


def plateau() -> dict:
    metrics = [float(x) for x in 1 + spread(40, 8) * 0.01 - 0.1 * (spread(40, 9) > 0.7)]
    sgd = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    schedule, rates = lr_scheduler.ReduceLROnPlateau(sgd, patience=3, factor=0.5), []
    for x in metrics:
        schedule.step(x)
        rates.append(sgd.param_groups[0]["lr"])
    return {"write": "ReduceOnPlateau(0.1, patience=3, factor=0.5)",
            "theirs": "lr_scheduler.ReduceLROnPlateau(optimizer, patience=3, factor=0.5)", "metrics": metrics,
            "rates": rates}  # fmt: skip


def clipped() -> dict:
    gradients = [3 * spread(4, 21), 0.2 * spread(3, 22)]
    params = [torch.zeros(len(g), requires_grad=True) for g in gradients]
    for p, g in zip(params, gradients, strict=True):
        p.grad = torch.tensor(g)
    torch.nn.utils.clip_grad_norm_(params, 1.0, foreach=False)
    return {"write": "clip_grad_norm(params, 1.0)", "theirs": "torch.nn.utils.clip_grad_norm_(params, 1.0)",
            "gradients": [g.tolist() for g in gradients], "clipped": [p.grad.tolist() for p in params]}  # fmt: skip


def ema() -> dict:
    values = [[float(x) for x in spread(3, 30 + i)] for i in range(8)]
    model = torch.nn.ParameterList([torch.nn.Parameter(torch.zeros(3))])
    averaged, averages = swa_utils.AveragedModel(model, multi_avg_fn=swa_utils.get_ema_multi_avg_fn()), []
    for w in values:
        model[0].data.copy_(torch.tensor(w))
        averaged.update_parameters(model)
        averages.append(next(averaged.parameters()).tolist())
    return {"write": "EMA(params)", "theirs": "swa_utils.get_ema_multi_avg_fn()", "values": values,
            "averages": averages}  # fmt: skip


def main() -> None:
    cases = many(TORCH) + many(RPROP, ("8x5", "5x8"))
    cases += [cosine_beyond_its_period(), piecewise(), plateau(), clipped(), ema()]
    write_file("torch", f"torch {torch.__version__}", "PyTorch (BSD-3-Clause)", cases + many(ADAFACTOR, LEAST_SQUARES))
    about = f"on torch {torch.__version__}"
    write_file("pytorch_optimizer", f"pytorch_optimizer 4.1.0 {about}", "pytorch_optimizer (Apache-2.0)",
               many(ZOO) + many(SHAMPOO, LEAST_SQUARES), script=Path(__file__).name)  # fmt: skip
    write_file("torch_optimizer", f"torch_optimizer 0.3.0 {about}", "torch_optimizer (Apache-2.0)",
               many(COLLECTION) + many(SEQUENTIAL, LEAST_SQUARES), script=Path(__file__).name)  # fmt: skip


if __name__ == "__main__":
    main()
