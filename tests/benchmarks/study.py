"""The MNIST study of the lab against the same runs in PyTorch eager, driven by joblib in the same way.

Both train 784-256-128-10 with batches of 128 under the eight optimizers of the course: once at each of seven rates,
then with five seeds at the middle one. Both measure the loss of every step, twice an epoch 5,000 training samples and
the whole validation set, and at the end of the last runs the test set. One optimizer after the other, minidl and
PyTorch in turn, single-threaded runs side by side. What the lab does beside them (records, hashes, processes) is part
of its time.

    python tests/benchmarks/study.py [--epochs 5] [--rates 7] [--seeds 5] [--jobs 2] [--dataset mnist]
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
    began = time.perf_counter()
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
                return {"losses": losses, "rows": rows, "seconds": time.perf_counter() - began}
            if k + 1 in (round(steps / 2), steps):
                rows.append((measure("train", 5000), measure("validation")))
    record = {"losses": losses, "rows": rows, "test": measure("test") if test else None}
    return record | {"seconds": time.perf_counter() - began}


def lab_block(problem: Problem, settings: list[Settings], jobs: int, folder: str) -> tuple[float, float, float]:
    """Wall seconds of these runs through the lab, seconds inside runs, and those of them that evaluated."""
    began = time.perf_counter()
    with Executor(jobs=jobs, store=Store(folder), progress=False) as executor:
        records = executor.records(settings)
    wall = time.perf_counter() - began
    evaluated = sum(r["seconds_evaluation"] for r in records)
    return wall, evaluated + sum(r["seconds_training"] for r in records), evaluated


def torch_block(problem: Problem, settings: list[Settings], jobs: int) -> tuple[float, float]:
    began = time.perf_counter()
    with parallel_config(backend="loky", inner_max_num_threads=1):
        todo = ((s.optimizer.name, s.lr, s.seed, s.test) for s in settings)
        records = Parallel(n_jobs=jobs)(delayed(torch_run)(problem, *s) for s in todo)
    return time.perf_counter() - began, sum(r["seconds"] for r in records)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rates", type=int, default=7)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--optimizers", nargs="+", default=COURSE)
    a = parser.parse_args()
    try:
        import torch
    except ImportError:
        sys.exit("this benchmark needs its peer: pip install torch")
    problem = Problem.default(a.dataset, epochs=a.epochs)
    problem.check()
    print(f"{a.dataset}, {a.epochs} epochs, {a.jobs} runs at a time, minidl against PyTorch {torch.__version__}\n")
    print("| optimizer | runs | minidl, s | PyTorch, s | ratio |\n|---|---|---|---|---|")
    totals, memory = np.zeros(5), 0.0
    with tempfile.TemporaryDirectory() as folder:
        for i, name in enumerate(a.optimizers):
            of = candidate(name)
            rates = default_grid(of, a.rates)
            tuning = [Settings(problem, of, lr, 0) for lr in rates]
            final = [Settings(problem, of, rates[len(rates) // 2], seed, test=True) for seed in range(1, a.seeds + 1)]
            if i == 0:  # processes are started and data read once, before the clock runs
                warm = [Settings(Problem.default(a.dataset, epochs=1), of, 1e-3, s) for s in range(100, 100 + a.jobs)]
                lab_block(problem, warm, a.jobs, folder)
                memory = max(Parallel(n_jobs=a.jobs)(delayed(peak_memory)() for _ in range(4 * a.jobs)))
                torch_block(warm[0].problem, warm, a.jobs)
            blocks: dict[str, Any] = {}
            for peer in ("minidl", "torch") if i % 2 == 0 else ("torch", "minidl"):
                both = [tuning, final]
                if peer == "minidl":
                    blocks[peer] = np.sum([lab_block(problem, s, a.jobs, folder) for s in both], axis=0)
                else:
                    blocks[peer] = np.sum([torch_block(problem, s, a.jobs) for s in both], axis=0)
            ours, theirs = blocks["minidl"], blocks["torch"]
            totals += [*ours, *theirs]
            count = len(tuning) + len(final)
            print(f"| {name} | {count} | {ours[0]:.1f} | {theirs[0]:.1f} | {ours[0] / theirs[0]:.2f} |", flush=True)
    wall, inside, evaluated, torch_wall, _ = totals
    beside = wall * a.jobs - inside
    print(f"| all | | {wall:.1f} | {torch_wall:.1f} | {wall / torch_wall:.2f} |\n")
    print(f"minidl: {inside / (wall * a.jobs):.1%} of {a.jobs} x {wall:.0f} s were spent inside runs")
    print(f"what is left is {beside / inside:.1%} of training and evaluation; evaluation is {evaluated / inside:.1%}")
    print(f"a process of the lab has at most {memory:.0f} MiB resident")


def peak_memory() -> float:
    """Of this process, MiB resident."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
