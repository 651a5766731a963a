"""A shuffled epoch of batches from a memory-mapped cache, and what prefetching saves beside training.

2,002 images of 64x64x3, uint8, from a .npy file, batches of 64; the machine holds the file in memory. The first table
compares an epoch with a plain copy of the same bytes. The second has the MLP 12288-512-128-2 of the cats-and-dogs
example train for an epoch on flipped, shifted, normalised batches, prefetched or not, and on one batch that is there
already. All rows of a table are timed in turn, over and over; the figure is the median.

    python tests/benchmarks/loader.py [--rounds 30] [--epochs 5] [--threads 1]
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path


def medians(tasks: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Milliseconds of each task, the tasks taking turns; the first round warms up."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for i in range(rounds + 1):
        for name, task in tasks.items():
            began = time.perf_counter()
            task()
            if i:
                times[name].append((time.perf_counter() - began) * 1e3)
    return {name: statistics.median(found) for name, found in times.items()}


def show(title: str, found: dict[str, float], reference: str) -> None:
    print(f"\n| {title} | ms, median | ratio |\n|---|---|---|")
    for name, ms in found.items():
        print(f"| {name} | {ms:.2f} | {ms / found[reference]:.2f} |", flush=True)


def epochs(path: Path, rounds: int) -> None:
    """Reading alone."""
    import numpy as np

    from minidl.data import Compose, DataLoader, Normalize, RandomCrop, RandomFlip, ToFloat

    x = np.load(path, mmap_mode="r")
    y, room = np.arange(len(x)) % 2, np.empty_like(x)
    augment = Compose([RandomFlip(), RandomCrop(4), Normalize.of(x)])

    def epoch(**options: object) -> Callable[[], None]:
        loader = DataLoader((x, y), 64, shuffle=True, **options)

        def run() -> None:
            for _ in loader:
                pass

        return run

    tasks = {
        "plain copy into memory that is there": lambda: np.copyto(room, x),
        "plain copy into new memory": lambda: np.array(x),
        "shuffled epoch": epoch(),
        "shuffled epoch, prefetch=2": epoch(prefetch=2),
        "with ToFloat": epoch(transform=ToFloat()),
        "with flip, shift, normalisation": epoch(transform=augment),
        "with flip, shift, normalisation, prefetch=2": epoch(transform=augment, prefetch=2),
    }
    show("an epoch of 2,002 images 64x64x3", medians(tasks, rounds), "plain copy into memory that is there")


def training(path: Path, rounds: int) -> None:
    """Reading beside training."""
    import numpy as np

    from minidl import nn, optim
    from minidl.data import Compose, DataLoader, Normalize, RandomCrop, RandomFlip

    x = np.load(path, mmap_mode="r")
    augment = Compose([RandomFlip(), RandomCrop(4), Normalize.of(x)])
    hidden = nn.Dense(12288, 512, rng=0), nn.ReLU(), nn.Dense(512, 128, rng=1), nn.ReLU()
    model = nn.Sequential(nn.Flatten(), *hidden, nn.Dense(128, 2, rng=2))
    optimizer, loss = optim.SGD(model.parameters(), lr=1e-3), nn.CrossEntropyLoss()
    loaders = {k: DataLoader((x, np.arange(len(x)) % 2), 64, True, transform=augment, prefetch=k) for k in (0, 1, 2, 4)}
    ready = [next(iter(loaders[0]))] * len(loaders[0])

    def train(batches: object) -> Callable[[], None]:
        def run() -> None:
            for x, y in batches:  # type: ignore[attr-defined]
                optimizer.zero_grad()
                loss(model(x), y).backward()
                optimizer.step()

        return run

    tasks = {"training on one batch that is there": train(ready)}
    tasks |= {f"training on augmented batches, prefetch={k}": train(loader) for k, loader in loaders.items()}
    show("an epoch of 32 steps", medians(tasks, rounds), "training on one batch that is there")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30, help="timed epochs per row of the first table")
    parser.add_argument("--epochs", type=int, default=5, help="timed epochs per row of the second")
    parser.add_argument("--threads", type=int, default=1, help="of OpenBLAS")
    options = parser.parse_args()
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(options.threads)
    import numpy as np  # after the number of threads is set

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.npy"
        np.save(path, np.random.default_rng(0).integers(0, 256, (2002, 64, 64, 3), dtype=np.uint8))
        epochs(path, options.rounds)
        training(path, options.epochs)


if __name__ == "__main__":
    main()
