"""One training step of the MLP 784-256-128-10 (batch 128, float32), and one small operation, against named peers.

Every peer does the same work: forward, softmax cross-entropy, backward, update. Each lives in a process of its own
(peers.py); they are asked for a block of steps in turn, and the figure is the median over blocks. OpenBLAS and PyTorch
get the same number of threads.

    python tests/benchmarks/step.py [--threads 1 2] [--blocks 40] [--steps 20] [--cats]

--cats: the MLP 12288-512-128-1 of photographs, 64 x 64 x 3, batch 64, with a sigmoid unit and binary cross-entropy.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable

import peers

CATS = "--cats" in sys.argv
SIZES = (12288, 512, 128, 1) if CATS else (784, 256, 128, 10)
BATCH = 64 if CATS else 128


def stepper(task: str, peer: str) -> Callable[[], object]:
    """One step (or one chain of small operations) of a peer; ImportError where it is not installed."""
    if task == "small operation":
        return {"minidl": _chain_minidl, "PyTorch eager": _chain_torch}[peer]()
    import numpy as np

    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, SIZES[0])).astype(np.float32)
    y = rng.integers(0, 2, (BATCH, 1)).astype(np.float32) if CATS else rng.integers(0, SIZES[-1], BATCH)
    if peer == "bare matrix products":
        return _products(x)
    build = {"minidl": _minidl, "PyTorch eager": _torch, "scikit-learn": _sklearn, "NumPy by hand": _by_hand}[peer]
    return build(task.split()[0], x, y)


def _minidl(name, x, y):
    from minidl import nn, optim

    layers = [part for a, b in itertools.pairwise(SIZES) for part in (nn.Dense(a, b, rng=0), nn.ReLU())]
    model, loss = nn.Sequential(*layers[:-1]), nn.BCEWithLogitsLoss() if CATS else nn.CrossEntropyLoss()
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
    model, loss = nn.Sequential(*layers[:-1]), nn.BCEWithLogitsLoss() if CATS else nn.CrossEntropyLoss()
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


PEERS = {
    "SGD step": ["minidl", "PyTorch eager", "NumPy by hand", "scikit-learn", "bare matrix products"],
    "Adam step": ["minidl", "PyTorch eager", "NumPy by hand", "scikit-learn", "bare matrix products"],
    "small operation": ["minidl", "PyTorch eager"],
}
if CATS:
    PEERS = {task: ["minidl", "PyTorch eager", "bare matrix products"] for task in ("SGD step", "Adam step")}


def work(task: str, peer: str) -> None:
    """A peer's process: for every number read, run so many steps and answer with the microseconds of one."""
    try:
        step = stepper(task, peer)
    except ImportError:
        return
    divisor = CHAIN if task == "small operation" else 1

    def microseconds(count: str) -> float:
        began = time.perf_counter()
        for _ in range(int(count)):
            step()
        return (time.perf_counter() - began) / int(count) / divisor * 1e6

    peers.answer(microseconds)


def measure(task: str, threads: int, blocks: int, steps: int) -> None:
    """Time a task's peers in turn and print its rows of the table."""
    workers = {peer: peers.Peer([__file__, "--work", task, peer, *["--cats"] * CATS], threads) for peer in PEERS[task]}
    count = max(1, steps // 4) if task == "small operation" else steps
    times: dict[str, list[float]] = {peer: [] for peer in workers}
    for block in range(blocks + 2):  # the first two warm up
        for peer, worker in workers.items():
            us = worker.ask(str(count))
            if us and block >= 2:
                times[peer].append(float(us))
    for worker in workers.values():
        worker.close()
    medians = {peer: statistics.median(found) for peer, found in times.items() if found}
    for peer in set(workers) - set(medians):
        print(f"{peer} is not installed: left out", file=sys.stderr)
    torch = medians.get("PyTorch eager")
    for peer, us in sorted(medians.items(), key=lambda item: item[1]):
        print(f"| {task} | {threads} | {peer} | {us:.1f} | {f'{us / torch:.2f}' if torch else ''} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--blocks", type=int, default=40, help="timed blocks per peer")
    parser.add_argument("--steps", type=int, default=20, help="steps per block")
    parser.add_argument("--cats", action="store_true", help="time the MLP of the photographs")
    parser.add_argument("--work", nargs=2, metavar=("TASK", "PEER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        return work(*options.work)
    print("| task | threads | peer | microseconds, median | ratio to PyTorch |\n|---|---|---|---|---|", flush=True)
    for threads in options.threads:
        for task in PEERS:
            measure(task, threads, options.blocks, options.steps)


if __name__ == "__main__":
    main()
