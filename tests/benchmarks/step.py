"""One training step of the MLP 784-256-128-10 (batch 128, float32), and one small operation, against named peers.

Every peer does the same work: forward, softmax cross-entropy, backward, update. They are timed in turn in one
process, in blocks of steps; the figure is the median over blocks. Thread counts are set for OpenBLAS and PyTorch
alike, each in a process of its own.

    python tests/benchmarks/step.py [--threads 1 2] [--blocks 40] [--steps 20]
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable

SIZES = (784, 256, 128, 10)
BATCH = 128


def peers() -> dict[str, dict[str, Callable[[], object]]]:
    """{task: {peer: one step}}"""
    import numpy as np

    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, SIZES[0])).astype(np.float32)
    y = rng.integers(0, SIZES[-1], BATCH)
    tasks: dict[str, dict[str, Callable[[], object]]] = {"SGD step": {}, "Adam step": {}, "small operation": {}}
    for name in ("SGD", "Adam"):
        tasks[f"{name} step"] |= {
            "minidl": _minidl(name, x, y),
            "NumPy by hand": _by_hand(name, x, y),
            "bare matrix products": _products(x),
        }
        for label, build in (("PyTorch eager", _torch), ("scikit-learn", _sklearn)):
            try:
                tasks[f"{name} step"][label] = build(name, x, y)
            except ImportError:
                print(f"{label} is not installed: left out", file=sys.stderr)
    tasks["small operation"]["minidl"] = _chain_minidl()
    with contextlib.suppress(ImportError):
        tasks["small operation"]["PyTorch eager"] = _chain_torch()
    return tasks


def _minidl(name, x, y):
    from minidl import nn, optim

    layers = [part for a, b in itertools.pairwise(SIZES) for part in (nn.Dense(a, b, rng=0), nn.ReLU())]
    model, loss = nn.Sequential(*layers[:-1]), nn.CrossEntropyLoss()
    optimizer = optim.get(name)(model.parameters(), lr=1e-3)

    def step():
        value = loss(model(x), y)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()

    return step


def _torch(name, x, y):
    import torch

    torch.set_num_threads(int(os.environ["OPENBLAS_NUM_THREADS"]))
    nn = torch.nn
    layers = [part for a, b in itertools.pairwise(SIZES) for part in (nn.Linear(a, b), nn.ReLU())]
    model, loss = nn.Sequential(*layers[:-1]), nn.CrossEntropyLoss()
    optimizer = getattr(torch.optim, name)(model.parameters(), lr=1e-3)
    x, y = torch.tensor(x), torch.tensor(y)

    def step():
        value = loss(model(x), y)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()

    return step


def _sklearn(name, x, y):
    import numpy as np
    from sklearn.neural_network import MLPClassifier

    warnings.filterwarnings("ignore", module="sklearn")
    model = MLPClassifier(SIZES[1:-1], solver=name.lower(), batch_size=BATCH, learning_rate_init=1e-3, alpha=0.0)
    classes = np.arange(SIZES[-1])
    return lambda: model.partial_fit(x, y, classes=classes)


def _by_hand(name, x, y):
    import numpy as np

    rng = np.random.default_rng(0)
    ws = [rng.normal(0, (2 / a) ** 0.5, (a, b)).astype(np.float32) for a, b in itertools.pairwise(SIZES)]
    bs = [np.zeros(b, np.float32) for b in SIZES[1:]]
    params = [*ws, *bs]
    ms, vs = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]
    rows, t = np.arange(BATCH), 0

    def step():
        nonlocal t
        t += 1
        h1 = np.maximum(x @ ws[0] + bs[0], 0)
        h2 = np.maximum(h1 @ ws[1] + bs[1], 0)
        z = h2 @ ws[2] + bs[2]
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, y]).mean()
        p[rows, y] -= 1
        g3 = p / BATCH
        g2 = g3 @ ws[2].T * (h2 > 0)
        g1 = g2 @ ws[1].T * (h1 > 0)
        gradients = [x.T @ g1, h1.T @ g2, h2.T @ g3, g1.sum(axis=0), g2.sum(axis=0), g3.sum(axis=0)]
        for w, g, m, v in zip(params, gradients, ms, vs, strict=True):
            if name == "SGD":
                w -= 1e-3 * g
            else:
                m *= 0.9
                m += 0.1 * g
                v *= 0.999
                v += 0.001 * g * g
                w -= 1e-3 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        return loss

    return step


def _products(x):
    """The eight matrix products of a step and nothing else: the time below which no implementation gets."""
    import numpy as np

    rng = np.random.default_rng(0)
    w1, w2, w3 = (rng.normal(size=s).astype(np.float32) for s in itertools.pairwise(SIZES))

    def step():
        h1 = x @ w1
        h2 = h1 @ w2
        z = h2 @ w3
        return h2.T @ z, (g2 := z @ w3.T), h1.T @ g2, (g1 := g2 @ w2.T), x.T @ g1

    return step


CHAIN = 100


def _chain_minidl():
    import numpy as np

    import minidl

    w = minidl.Tensor(np.ones(4, np.float32), requires_grad=True)

    def chain():
        y = w
        for _ in range(CHAIN):
            y = y * w
        y.sum().backward()
        w.grad = None

    return chain


def _chain_torch():
    import torch

    w = torch.ones(4, requires_grad=True)

    def chain():
        y = w
        for _ in range(CHAIN):
            y = y * w
        y.sum().backward()
        w.grad = None

    return chain


def measure(blocks: int, steps: int) -> None:
    """Time every task's peers in turn and print the table's rows for this process's thread count."""
    threads = os.environ["OPENBLAS_NUM_THREADS"]
    for task, steppers in peers().items():
        per_step = {name: [] for name in steppers}
        divisor = CHAIN if task == "small operation" else 1
        count = max(1, steps // 4) if divisor > 1 else steps
        for block in range(blocks + 2):  # the first two warm up
            for name, step in steppers.items():
                began = time.perf_counter()
                for _ in range(count):
                    step()
                if block >= 2:
                    per_step[name].append((time.perf_counter() - began) / count / divisor * 1e6)
        medians = {name: statistics.median(times) for name, times in per_step.items()}
        torch = medians.get("PyTorch eager")
        for name, us in sorted(medians.items(), key=lambda item: item[1]):
            ratio = f"{us / torch:.2f}" if torch else ""
            print(f"| {task} | {threads} | {name} | {us:.1f} | {ratio} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--blocks", type=int, default=40, help="timed blocks per peer")
    parser.add_argument("--steps", type=int, default=20, help="steps per block")
    options = parser.parse_args()
    if "MINIDL_BENCHMARK" in os.environ:
        return measure(options.blocks, options.steps)
    print("| task | threads | peer | microseconds, median | ratio to PyTorch |\n|---|---|---|---|---|", flush=True)
    for threads in options.threads:
        names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
        environment = {**os.environ, "MINIDL_BENCHMARK": "1", **dict.fromkeys(names, str(threads))}
        subprocess.run([sys.executable, __file__, *sys.argv[1:]], env=environment, check=True)


if __name__ == "__main__":
    main()
