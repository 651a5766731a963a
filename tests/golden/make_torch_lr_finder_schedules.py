"""Records range tests of davidtvs/pytorch-lr-finder: writes torch_lr_finder_schedules.json beside this file.

Needs torch (CPU) and torch-lr-finder, which minidl itself never imports: in a scratch environment, `pip install
torch==2.13.0 torch-lr-finder==0.2.2`, then `python tests/golden/make_torch_lr_finder_schedules.py`. The tests read
the JSON only.

A 2-3-1 sigmoid network, float64, four batches of five samples again and again; PyTorch's weights are (out, in).
"""

import json
import random
from importlib.metadata import version
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import torch
from torch_lr_finder import LRFinder

CASES = [
    ("SGD", {"momentum": 0.9}, {"start_lr": 1e-4, "end_lr": 100.0, "num_iter": 80}),
    ("SGD", {}, {"start_lr": 1e-2, "end_lr": 1e4, "num_iter": 60, "smooth_f": 0.3, "diverge_th": 2}),
    ("Adam", {"weight_decay": 0.1}, {"start_lr": 1e-5, "end_lr": 10.0, "num_iter": 100}),
    ("Adam", {}, {"start_lr": 1e-4, "end_lr": 1.0, "num_iter": 50, "diverge_th": 1e9}),
]


def network(weights: list) -> torch.nn.Module:
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Sigmoid(), torch.nn.Linear(3, 1)).double()
    with torch.no_grad():
        for p, w in zip(model.parameters(), weights, strict=True):
            p.copy_(torch.tensor(w, dtype=torch.float64))
    return model


if __name__ == "__main__":
    rng = random.Random(1)

    def numbers(*shape: int) -> list:
        return [numbers(*shape[1:]) for _ in range(shape[0])] if shape else round(rng.gauss(0, 1), 6)

    weights = [numbers(3, 2), numbers(3), numbers(1, 3), numbers(1)]
    x = numbers(20, 2)
    y = [[round(3 + 2 * a * b + 0.1 * rng.gauss(0, 1), 6)] for a, b in x]
    tensors = [torch.tensor(a, dtype=torch.float64) for a in (x, y)]
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*tensors), batch_size=5)
    record = {"library": f"torch-lr-finder {version('torch-lr-finder')}", "weights": weights, "x": x, "y": y}
    record["runs"] = []
    for name, settings, sweep in CASES:
        model = network(weights)
        optimizer = getattr(torch.optim, name)(model.parameters(), lr=sweep["start_lr"], **settings)
        finder = LRFinder(model, optimizer, torch.nn.MSELoss())
        finder.range_test(loader, **sweep)
        _, suggestion = finder.plot(suggest_lr=True)
        record["runs"].append({"optimizer": name, "settings": settings, "sweep": sweep, "rates": finder.history["lr"],
                               "smoothed": finder.history["loss"], "suggestion": suggestion})  # fmt: skip
        print(name, len(finder.history["lr"]), suggestion)
    file = Path(__file__).parent / "torch_lr_finder_schedules.json"
    file.write_text(json.dumps(record, separators=(",", ":")) + "\n")
