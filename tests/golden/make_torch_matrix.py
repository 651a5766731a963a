"""Records PyTorch's Muon and LBFGS: writes torch_matrix.json beside this file.

Needs torch (CPU): in a scratch environment, `pip install torch==2.13.0`, then
`python tests/golden/make_torch_matrix.py`.

Muon works in bfloat16, so that only two digits can be compared; its matrices are (out, in), the transposes of minidl's.
LBFGS: the parameters after every step(closure) without line search, where the algorithm leaves no freedom, and the
optimum and evaluations with one.
"""

import torch
from make_problems_matrix import LEAST_SQUARES, STARTS, loss_of, rounded, write

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

MUON = [
    {"lr": 0.1, "weight_decay": 0.0},
    {"lr": 0.1, "weight_decay": 0.5, "momentum": 0.8, "nesterov": False, "adjust_lr_fn": "match_rms_adamw"},
]
# without line search: small lr, or the first steps overshoot
LBFGS = [
    ("rosenbrock", {"lr": 0.2, "max_iter": 3, "line_search_fn": None}),
    ("rosenbrock", {"lr": 0.1, "max_iter": 1, "history_size": 3, "line_search_fn": None}),
    ("quadratic", {"lr": 1.0, "max_iter": 1, "line_search_fn": None}),
    ("quadratic", {"lr": 0.3, "max_iter": 4, "max_eval": 3, "history_size": 4, "line_search_fn": None}),
    ("mlp", {"lr": 0.5, "max_iter": 2, "history_size": 5, "line_search_fn": None}),
    ("mlp", {"lr": 0.5, "max_iter": 20, "tolerance_grad": 1e-2, "tolerance_change": 1e-3, "line_search_fn": None}),
    ("rosenbrock", {"max_iter": 100, "line_search_fn": "strong_wolfe"}),
    ("quadratic", {"max_iter": 100, "line_search_fn": "strong_wolfe"}),
]


def record_muon(settings: dict, problem) -> list:
    start = torch.tensor(problem.start.T.copy())
    w = start.clone().requires_grad_()
    optimizer = torch.optim.Muon([w], **settings)
    seen = []
    for t in range(1, 6):
        w.grad = torch.tensor(problem.gradient(problem.start, t).T.copy())
        optimizer.step()
        seen.append(w.tolist())
    return seen


def record_lbfgs(name: str, settings: dict) -> list:
    params = [torch.tensor(w, requires_grad=True) for w in STARTS[name]]
    optimizer = torch.optim.LBFGS(params, **settings)

    def closure():
        optimizer.zero_grad()
        loss = loss_of(name, params, torch.tensor)
        loss.backward()
        return loss

    seen = []
    # on the quadratic rounding grows: after 30 short steps it is 2e-9 of a weight
    for _ in range(1 if settings["line_search_fn"] else 12 if name == "quadratic" else 30):
        loss = optimizer.step(closure)
        state = optimizer.state[params[0]]
        seen.append({
            "loss": float(loss), "evaluations": state["func_evals"],
            "weights": [rounded(x) for p in params for x in p.detach().numpy().ravel()],
        })  # fmt: skip
    return seen


def main() -> None:
    cases = [
        {"optimizer": "Muon", "settings": settings, "problem": name, "weights": record_muon(settings, problem)}
        for settings in MUON
        for name, problem in LEAST_SQUARES.items()
        if problem.start.size < 100
    ]
    for name, settings in LBFGS:
        run = {"optimizer": "LBFGS", "settings": settings, "problem": name, "steps": record_lbfgs(name, settings)}
        cases.append(run)
    about = (
        f"torch.optim {torch.__version__}, recorded by make_torch_matrix.py on the problems of make_problems_matrix.py"
    )
    write("torch_matrix", about, "numbers computed with PyTorch (BSD-3-Clause); no code of it is contained", cases)


if __name__ == "__main__":
    main()
