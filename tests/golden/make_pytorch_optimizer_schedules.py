"""Records the rates of pytorch_optimizer's warm-up, stable, decay schedule in pytorch_optimizer_schedules.json.

Needs pytorch_optimizer (PyPI), which minidl itself never imports: in a scratch environment, `pip install
pytorch_optimizer==4.1.0`, then `python tests/golden/make_pytorch_optimizer_schedules.py`. The tests read the JSON only.
"""

import json
import warnings
from importlib.metadata import version
from pathlib import Path

import torch
from pytorch_optimizer.lr_scheduler import get_wsd_schedule

CASES = [  # (warm-up, stable, decay, shape of the decay, last rate as a part of the highest)
    (5, 10, 8, "1-sqrt", 0.0),
    (5, 10, 8, "linear", 0.0),
    (5, 10, 8, "1-square", 0.0),
    (5, 10, 8, "cosine", 0.0),
    (3, 4, 9, "cosine", 0.2),
]

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    file = Path(__file__).parent / "pytorch_optimizer_schedules.json"
    record = {"library": f"pytorch_optimizer {version('pytorch_optimizer')}", "lr": 0.3, "wsd": []}
    for warmup, stable, decay, shape, end in CASES:
        sgd = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=record["lr"])
        schedule = get_wsd_schedule(sgd, warmup, stable, decay, min_lr_ratio=end, cooldown_type=shape)
        rates = []
        for _ in range(warmup + stable + decay + 3):
            rates.append(sgd.param_groups[0]["lr"])
            sgd.step()
            schedule.step()
        settings = {"warmup": warmup, "stable": stable, "decay": decay, "shape": shape, "end": end}
        record["wsd"].append({"settings": settings, "rates": rates})
    file.write_text(json.dumps(record, separators=(",", ":")) + "\n")
    print(f"{len(record['wsd'])} schedules in {file.name}")
