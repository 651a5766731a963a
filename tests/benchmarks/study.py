"""The MNIST study of the lab against the same runs in PyTorch eager, driven by joblib in the same way.

Both train 784-256-128-10 with batches of 128 under the eight optimizers of the course: once at each of seven rates,
then with five seeds at the middle one. Both measure the loss of every step, twice an epoch 5,000 training samples and
the whole validation set, and at the end of the last runs the test set. One optimizer after the other, minidl and
PyTorch in turn, single-threaded runs side by side. What the lab does beside them (records, hashes, processes) is part
of its time.

Seven runs, then five, on two cores leave one core idle at the end of each, for both. How well a study uses its cores is
therefore measured with all runs in one list, as a study has them: `--whole`, without PyTorch.

    python tests/benchmarks/study.py [--epochs 5] [--rates 7] [--seeds 5] [--jobs 2] [--dataset mnist] [--whole]
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from itertools import pairwise
from typing import Any

import numpy as np
from joblib import Parallel, delayed, parallel_config

from minidl.lab import Problem
from minidl.lab.candidate import candidate
from minidl.lab.execute import Executor
from minidl.lab.records import Store
from minidl.lab.run import Settings
from minidl.lab.search import default_grid

COURSE = ("SGD", "Momentum", "Nesterov", "AdaGrad", "AdaDelta", "RMSProp", "Adam", "AdamW")


def torch_optimizer(name: str, parameters: Any, lr: float) -> Any:
    """PyTorch's optimizer of the same family; Momentum there is the heavy ball, whose rate is a tenth."""
    import torch

    if name in ("Momentum", "Nesterov"):
        return torch.optim.SGD(parameters, lr=lr / 10, momentum=0.9, nesterov=name == "Nesterov")
    spelling = {"AdaGrad": "Adagrad", "AdaDelta": "Adadelta", "RMSProp": "RMSprop"}
    return getattr(torch.optim, spelling.get(name, name))(parameters, lr=lr)


_TENSORS: dict[str, Any] = {}


def torch_run(problem: Problem, name: str, lr: float, seed: int, test: bool) -> dict[str, Any]:
    """One run as a PyTorch user would write it: eager, batches taken by index."""
    import torch
    from torch.nn import Linear, ReLU, Sequential
    from torch.nn.functional import cross_entropy

    torch.set_num_threads(1)
    if not _TENSORS:
        splits = problem.splits()
        for part in ("train", "validation", "test"):
            samples = getattr(splits, part)
            _TENSORS[part] = torch.from_numpy(samples.x), torch.from_numpy(np.asarray(samples.y, np.int64))
    torch.manual_seed(seed)
    widths = [784, *problem.hidden, 10]
    layers: list[Any] = []
    for fan_in, fan_out in pairwise(widths):
        layers += [Linear(fan_in, fan_out), ReLU()]
    model = Sequential(*layers[:-1])
    optimizer = torch_optimizer(name, model.parameters(), lr)

    def measure(part: str, count: int | None = None) -> tuple[float, float]:
        x, y = (t[:count] for t in _TENSORS[part])
        loss, right = 0.0, 0
        with torch.no_grad():
            for k in range(0, len(x), 1000):
                out = model(x[k : k + 1000])
                loss += float(cross_entropy(out, y[k : k + 1000], reduction="sum"))
                right += int((out.argmax(1) == y[k : k + 1000]).sum())
        return loss / len(x), right / len(x)

    x, y = _TENSORS["train"]
    steps = -(-len(x) // problem.batch_size)
    losses, rows = [], [(measure("train", 5000), measure("validation"))]
    for _ in range(problem.epochs):
        order = torch.randperm(len(x))
        for k in range(steps):
            rows_of_batch = order[k * problem.batch_size : (k + 1) * problem.batch_size]
            loss = cross_entropy(model(x[rows_of_batch]), y[rows_of_batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if not np.isfinite(losses[-1]):  # the lab stops a run that diverged, too
                return {"losses": losses, "rows": rows}
            if k + 1 in (round(steps / 2), steps):
                rows.append((measure("train", 5000), measure("validation")))
    return {"losses": losses, "rows": rows, "test": measure("test") if test else None}


def lab_block(settings: list[Settings], jobs: int, folder: str) -> tuple[float, float, float]:
    """Wall seconds of these runs through the lab, seconds inside runs, and those of them that evaluated."""
    began = time.perf_counter()
    with Executor(jobs=jobs, store=Store(folder), progress=False) as executor:
        records = executor.records(settings)
    wall = time.perf_counter() - began
    evaluated = sum(r["seconds_evaluation"] for r in records)
    return wall, evaluated + sum(r["seconds_training"] for r in records), evaluated


def torch_block(problem: Problem, settings: list[Settings], jobs: int) -> float:
    """Wall seconds of the same runs in PyTorch."""
    began = time.perf_counter()
    with parallel_config(backend="loky", inner_max_num_threads=1):
        todo = ((s.optimizer.name, s.lr, s.seed, s.test) for s in settings)
        Parallel(n_jobs=jobs)(delayed(torch_run)(problem, *s) for s in todo)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rates", type=int, default=7)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--optimizers", nargs="+", default=COURSE)
    parser.add_argument("--whole", action="store_true", help="minidl alone, all runs in one list")
    a = parser.parse_args()
    problem = Problem.default(a.dataset, epochs=a.epochs)
    problem.check()
    parts = {name: runs(problem, name, a.rates, a.seeds) for name in a.optimizers}
    # Processes are started and data read once, before the clock runs.
    warm_up = [
        Settings(Problem.default(a.dataset, epochs=1), candidate("SGD"), 1e-3, s) for s in range(100, 100 + a.jobs)
    ]
    with tempfile.TemporaryDirectory() as folder:
        lab_block(warm_up, a.jobs, folder)
        if a.whole:
            whole_study(parts, a.jobs, folder)
        else:
            against_torch(problem, parts, warm_up, a.jobs, folder)


def runs(problem: Problem, name: str, rates: int, seeds: int) -> list[list[Settings]]:
    """Of one optimizer: one run at each rate, then one of each seed at the middle rate."""
    of = candidate(name)
    grid = default_grid(of, rates)
    final = [Settings(problem, of, grid[len(grid) // 2], seed, test=True) for seed in range(1, seeds + 1)]
    return [[Settings(problem, of, lr, 0) for lr in grid], final]


def whole_study(parts: dict[str, list[list[Settings]]], jobs: int, folder: str) -> None:
    wall, inside, evaluated = np.sum(
        [lab_block([s for part in parts.values() for s in part[k]], jobs, folder) for k in (0, 1)], axis=0
    )
    print(f"minidl: {inside / (wall * jobs):.1%} of {jobs} x {wall:.0f} s were spent inside runs")
    beside = wall * jobs - inside
    print(f"what is left is {beside / inside:.1%} of training and evaluation; evaluation is {evaluated / inside:.1%}")
    memory = max(Parallel(n_jobs=jobs)(delayed(peak_memory)() for _ in range(4 * jobs)))
    print(f"a process of the lab has at most {memory:.0f} MiB resident")


def against_torch(
    problem: Problem, parts: dict[str, list[list[Settings]]], warm_up: list[Settings], jobs: int, folder: str
) -> None:
    try:
        import torch
    except ImportError:
        sys.exit("this benchmark needs its peer: pip install torch")
    torch_block(warm_up[0].problem, warm_up, jobs)
    print(f"{problem.dataset}, {problem.epochs} epochs, {jobs} runs at a time, PyTorch {torch.__version__}\n")
    print("| optimizer | runs | minidl, s | PyTorch, s | ratio |\n|---|---|---|---|---|")
    totals = np.zeros(2)
    for i, (name, blocks) in enumerate(parts.items()):
        seconds = {}
        for peer in ("minidl", "torch") if i % 2 == 0 else ("torch", "minidl"):
            if peer == "minidl":
                seconds[peer] = sum(lab_block(block, jobs, folder)[0] for block in blocks)
            else:
                seconds[peer] = sum(torch_block(problem, block, jobs) for block in blocks)
        ours, theirs = seconds["minidl"], seconds["torch"]
        totals += [ours, theirs]
        count = sum(map(len, blocks))
        print(f"| {name} | {count} | {ours:.1f} | {theirs:.1f} | {ours / theirs:.2f} |", flush=True)
    print(f"| all | | {totals[0]:.1f} | {totals[1]:.1f} | {totals[0] / totals[1]:.2f} |\n")


def peak_memory() -> float:
    """Of this process, MiB resident."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
