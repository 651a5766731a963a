"""Records SOAP, SophiaH and AdaHessian of the pytorch_optimizer collection: writes pytorch_optimizer_matrix.json.

Needs torch and the collection: in a scratch environment, `pip install torch==2.13.0 pytorch_optimizer==4.1.0`, then
`python tests/golden/make_pytorch_optimizer_matrix.py`.

SOAP: its QR decomposition runs in float32 whatever the parameters are; here it is made to run in float64. The first
eigenbasis is arbitrary where eigenvalues coincide (8 rows, 5 columns: 3 eigenvalues are zero), so after the first step,
which moves nothing, both libraries go on from the same orthogonal matrices in its place.
SophiaH: it has no gamma, but clip(m / max(gamma h, eps), 1) is clip(m / max(h, eps / gamma), gamma) / gamma.
Probes: torch's random functions are replaced by the numbers of `spread`, which the tests use as well.
"""

import numpy as np
import pytorch_optimizer
import torch
from make_problems_matrix import LEAST_SQUARES, RECORDED, STARTS, loss_of, reflection, rounded, spread, write
from pytorch_optimizer.optimizer import soap

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


class Float64Torch:
    """torch, as the module soap sees it, with float64 in the place of float32."""

    float32 = torch.float64

    def __getattr__(self, name: str):
        return getattr(torch, name)


soap.torch = Float64Torch()

SOAP = [
    {"lr": 0.1, "weight_decay": 0.0},
    {"lr": 0.1, "eps": 1e-2, "betas": (0.9, 0.8), "shampoo_beta": 0.7, "precondition_frequency": 3,
     "weight_decay": 0.0},
    {"lr": 0.05, "weight_decay": 0.3, "precondition_frequency": 1},
    {"lr": 0.05, "weight_decay": 0.1, "max_precondition_dim": 6, "precondition_frequency": 4},
]  # fmt: skip
SOPHIA = [
    {"lr": 0.01, "weight_decay": 0.0},
    {"lr": 0.03, "betas": (0.9, 0.8), "gamma": 0.3, "update_interval": 3, "weight_decay": 0.0},
    {"lr": 0.01, "gamma": 1.0, "update_interval": 1, "eps": 1e-2, "weight_decay": 0.3},
]
ADAHESSIAN = [
    {"lr": 0.05},
    {"lr": 0.05, "eps": 1e-2, "betas": (0.8, 0.9), "hessian_power": 0.5},
    {"lr": 0.03, "weight_decay": 0.3},  # not update_period > 1: its correction then counts steps, not estimates
]


def record_soap(settings: dict, problem) -> dict:
    w = torch.tensor(problem.start, requires_grad=True)
    optimizer = pytorch_optimizer.SOAP([w], **{"shampoo_beta": 0.95, **settings})
    seen = {}
    for t in range(1, 101):
        w.grad = torch.tensor(problem.gradient(w.detach().numpy(), t))
        optimizer.step()
        if t == 1:
            state = optimizer.state[w]
            state["Q"] = [torch.tensor(reflection(len(q))) if len(q) else [] for q in state["Q"]]
        if t in RECORDED:
            seen[t] = problem.sample(w.detach().numpy())
    return {"weights": seen}


class Probes:
    """Random numbers in the place of torch's: the n-th call gives the n-th piece of a sequence."""

    def __init__(self) -> None:
        self.calls = 0

    def uniform(self, p: torch.Tensor, *args) -> torch.Tensor:
        self.calls += 1
        return torch.tensor(2 * spread(p.numel(), 100 + self.calls).reshape(p.shape))

    def bits(self, p: torch.Tensor, *args) -> torch.Tensor:
        return (self.uniform(p) > 0).to(p.dtype)


def record_hessian(cls, settings: dict, name: str) -> dict:
    params = [torch.tensor(w, requires_grad=True) for w in STARTS[name]]
    optimizer = cls(params, foreach=False, **settings)
    probes = Probes()
    torch.randn_like, torch.randint_like = probes.uniform, probes.bits
    seen = {}
    for t in range(1, 101):
        optimizer.zero_grad()
        loss_of(name, params, torch.tensor).backward(create_graph=True)
        optimizer.step()
        if t in RECORDED:
            seen[t] = [rounded(x) for p in params for x in p.detach().numpy().ravel()]
    return {"weights": seen}


def sophia(lr, weight_decay, gamma=0.01, eps=1e-12, betas=(0.965, 0.99), update_interval=10) -> dict:
    return {"lr": lr / gamma, "weight_decay": weight_decay * gamma, "p": gamma, "eps": eps / gamma, "betas": betas,
            "update_period": update_interval}  # fmt: skip


def main() -> None:
    cases = [
        {"optimizer": "SOAP", "settings": settings, "problem": name, **record_soap(settings, problem)}
        for settings in SOAP
        for name, problem in LEAST_SQUARES.items()
        if problem.start.size < 100 or "max_precondition_dim" not in settings
    ]
    for settings in SOPHIA:
        for name in STARTS:
            run = record_hessian(pytorch_optimizer.SophiaH, sophia(**settings), name)
            cases.append({"optimizer": "SophiaH", "settings": settings, "problem": name, **run})
    for settings in ADAHESSIAN:
        theirs = {"eps": 1e-4, **settings}
        theirs["update_period"] = theirs.pop("update_interval", 1)
        for name in STARTS:
            run = record_hessian(pytorch_optimizer.AdaHessian, theirs, name)
            cases.append({"optimizer": "AdaHessian", "settings": settings, "problem": name, **run})
    about = (
        f"pytorch_optimizer 4.1.0, torch {torch.__version__}, numpy {np.__version__}, float64, recorded by "
        "make_pytorch_optimizer_matrix.py: the weights after some steps of the problems in make_problems_matrix.py. "
        "The settings are minidl's."
    )
    licence = "numbers computed with pytorch_optimizer (Apache-2.0); no code of it is contained"
    write("pytorch_optimizer_matrix", about, licence, cases)


if __name__ == "__main__":
    main()
