"""Records ASGD and Rprop as PyTorch runs them: writes torch_plain.json beside this file.

Needs torch (CPU) and NumPy: in a scratch environment, `pip install torch==2.13.0 numpy`, then
`python tests/golden/make_torch_plain.py`. The tests read the JSON only.

PyTorch computes ASGD's eta and mu in the default dtype, so that a float64 run carries float32 rounding errors (1e-8);
the default dtype is set to float64 here.
"""

from pathlib import Path

import torch
from make_problems_plain import PROBLEMS, SCALE, rate, record, scaled, write

torch.set_default_dtype(torch.float64)

# Problems of one setting: all four, or those named
ASGD = [
    {"lr": 0.1},
    {"lr": 0.1, "lambd": 0.3, "alpha": 0.5, "t0": 10},
    {"lr": 0.1, "lambd": 0.1, "alpha": 1.0, "t0": 0, "weight_decay": 0.3},
]
RPROP = [
    {"lr": 0.01},
    {"lr": 0.1, "etas": [0.4, 1.3]},
    {"lr": 0.05, "step_sizes": [0.01, 0.07]},  # both limits reached
]


def make_update(optimizer, settings, start):
    """An update for `run` by an optimizer in PyTorch's interface."""
    settings = dict(settings)
    lr = settings.pop("lr")
    params = [torch.tensor(w, requires_grad=True) for w in start]
    made = optimizer(params, lr=rate(lr, 0), **settings)

    def update(arrays, gradients, value, step):
        for p, w, g in zip(params, arrays, gradients, strict=True):
            p.data.copy_(torch.tensor(w))
            p.grad = torch.tensor(g)
        for group in made.param_groups:
            group["lr"] = rate(lr, step)
        made.step()
        return [p.detach().numpy() for p in params]

    update.optimizer, update.params = made, params
    return update


def main():
    cases = []
    for problem in PROBLEMS:
        start = PROBLEMS[problem][0]
        for settings in ASGD:
            settings = {**settings, "lr": scaled(settings["lr"], SCALE[problem])}
            made = []

            def make(settings=settings, start=start, made=made):
                made.append(make_update(torch.optim.ASGD, settings, start))
                return made[-1]

            case = record("ASGD", settings, problem, make)
            state = made[0].optimizer.state
            case["average"] = [state[p]["ax"].ravel().tolist() for p in made[0].params]
            cases.append(case)
        for settings in RPROP:
            make = lambda settings=settings, start=start: make_update(torch.optim.Rprop, settings, start)
            cases.append(record("Rprop", settings, problem, make))
    source = (
        f"torch.optim {torch.__version__}, float64, recorded by make_torch_plain.py on the problems of "
        "make_problems_plain.py. weights[k]: after k steps; average: ASGD's ax after the last."
    )
    licence = "numbers computed with PyTorch (BSD-3-Clause); no code of it is contained"
    write(Path(__file__).with_name("torch_plain.json"), source, licence, cases)


if __name__ == "__main__":
    main()
