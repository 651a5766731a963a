"""Photographs: decoding and resizing against Pillow and PyTorch, epochs from the cache, and the memory of training.

    python tests/benchmarks/images.py [FOLDER] [--sizes 64 128] [--passes 5]     # decode, and epochs from the cache
    python tests/benchmarks/images.py --memory [--images 25000]                  # needs 1.3 GB in the temporary folder

FOLDER holds photographs as ImageFolder takes them; without it cats_and_dogs is looked for. Each peer is a process of
its own (peers.py) and answers with the seconds of one pass over all photographs; they are asked in turn, and the figure
is the median. The plain loop opens, converts, resizes the shorter side and cuts out the middle; the PyTorch DataLoader
has two workers over the same calls, which live through all passes.

--memory trains the MLP 49152-512-128-1 for two epochs on random images of 128 x 128 x 3, from a memory-mapped file, and
prints the largest anonymous memory in use (Anonymous in /proc/self/smaps_rollup: what is not a page of some file).
"""

from __future__ import annotations

import argparse
import functools
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import peers

PLAIN, TORCH = "Pillow loop", "PyTorch DataLoader, 2 workers"
DECODE = ["ImageFolder, no cache", "ImageFolder, new cache", "ImageFolder, from the cache", PLAIN, TORCH]
COPY = "plain copy"
EPOCH = ["shuffled epoch", "shuffled epoch, prefetch=2", COPY]
BATCH = 64


def with_pillow(path: Path, size: int) -> np.ndarray:
    """What one would write first: open, RGB, shorter side to size, middle."""
    from PIL import Image

    with Image.open(path) as image:
        image = image.convert("RGB")
        scale = size / min(image.size)
        image = image.resize(tuple(max(size, round(n * scale)) for n in image.size), Image.Resampling.BILINEAR)
        left, top = ((n - size) // 2 for n in image.size)
        return np.array(image.crop((left, top, left + size, top + size)))


class Photographs:
    """For a PyTorch DataLoader; at the module's level, so that workers can be told of it."""

    def __init__(self, files: list[Path], size: int) -> None:
        self.files, self.size = files, size

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, i: int) -> np.ndarray:
        return with_pillow(self.files[i], self.size)


def one_pass(peer: str, folder: Path, size: int, place: Path) -> Callable[[], object]:
    """A function that goes once over all photographs; ImportError where the peer's library is not installed."""
    from minidl import data

    if peer in DECODE[:3] + EPOCH:
        cached = functools.partial(data.ImageFolder, folder, size, cache=place / peer)

        def new_cache() -> None:
            shutil.rmtree(place / peer, ignore_errors=True)
            cached()

        if peer == DECODE[0]:
            return functools.partial(data.ImageFolder, folder, size, cache=False)
        if peer == DECODE[1]:
            return new_cache
        images = cached()
        if peer == DECODE[2]:
            return cached
        if peer == COPY:
            return lambda: np.array(images.x)
        loader = data.DataLoader(images, BATCH, shuffle=True, prefetch=2 if "prefetch" in peer else 0)
        return lambda: [len(x) for x, _ in loader]
    found = data.ImageFolder(folder, 32, cache=place)  # the same files for all
    files = [found.root / path for path in found.paths]
    if peer == PLAIN:
        return lambda: np.stack([with_pillow(path, size) for path in files])
    from torch.utils.data import DataLoader

    loader = DataLoader(Photographs(files, size), BATCH, num_workers=2, persistent_workers=True)
    return lambda: np.concatenate([batch.numpy() for batch in loader])


def work(peer: str, folder: str, size: str, place: str) -> None:
    """A peer's process: for every line, go over the photographs once and answer with the seconds."""
    try:
        go = one_pass(peer, Path(folder), int(size), Path(place))
    except ImportError:
        return

    def seconds(_: str) -> float:
        began = time.perf_counter()
        go()
        return time.perf_counter() - began

    peers.answer(seconds)


def measure(names: list[str], base: str, folder: Path, place: str, size: int, passes: int, threads: int) -> None:
    """Ask the peers in turn and print their rows: seconds, and how they stand to the base."""
    workers = {name: peers.Peer([__file__, "--work", name, str(folder), str(size), place], threads) for name in names}
    times: dict[str, list[float]] = {name: [] for name in workers}
    for i in range(passes + 1):  # the first warms up, and starts PyTorch's workers
        for name, worker in workers.items():
            answer = worker.ask("go")
            if answer and i:
                times[name].append(float(answer))
    for worker in workers.values():
        worker.close()
    medians = {name: statistics.median(found) for name, found in times.items() if found}
    for name in names:
        if name not in medians:
            print(f"{name} could not be timed (is its library installed?): left out", file=sys.stderr)
        else:
            print(f"| {size} | {name} | {medians[name]:.4f} | {medians[name] / medians[base]:.3f} | "
                  f"{medians[base] / medians[name]:.2f} |", flush=True)  # fmt: skip


def decoding(options: argparse.Namespace) -> None:
    from minidl import data
    from minidl.data.files import dataset_info, find_folder

    folder = options.folder or find_folder(dataset_info("cats_and_dogs"))
    if folder is None:
        raise SystemExit("cats_and_dogs is not here; give a FOLDER, or fetch it: minidl datasets get cats_and_dogs")
    with tempfile.TemporaryDirectory() as place:
        n = len(data.ImageFolder(folder, 32, cache=place))
        print(f"{n:,} photographs, {os.cpu_count()} cores, medians of {options.passes} passes\n")
        print("| pixels | | seconds | share of the time | times as fast |\n|---|---|---|---|---|", flush=True)
        for size in options.sizes:
            measure(DECODE, PLAIN, folder, place, size, options.passes, os.cpu_count() or 1)
        for size in options.sizes:
            measure(EPOCH, COPY, folder, place, size, 3 * options.passes, 1)


# -- memory


def anonymous() -> int:
    """Bytes of this process in memory that belong to no file."""
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("/proc/self/smaps_rollup says nothing of Anonymous memory")


def memory(images: int, size: int = 128, epochs: int = 2) -> None:
    if not Path("/proc/self/smaps_rollup").exists():
        raise SystemExit("--memory reads /proc/self/smaps_rollup, which only Linux has")
    import minidl
    from minidl import data, nn, optim

    with tempfile.TemporaryDirectory() as place:
        file, rng = Path(place) / "images.npy", np.random.default_rng(0)
        x = np.lib.format.open_memmap(file, "w+", np.uint8, (images, size, size, 3))
        for i in range(0, images, 500):
            x[i : i + 500] = rng.integers(0, 256, x[i : i + 500].shape, dtype=np.uint8)
        del x
        x = np.load(file, mmap_mode="r").view(np.ndarray)
        dataset = data.ArrayDataset(x, rng.integers(0, 2, (images, 1)).astype(np.float32))
        largest, done = anonymous(), threading.Event()
        print(f"{x.nbytes / 2**20:,.0f} MiB of images; {largest / 2**20:,.0f} MiB anonymous so far", flush=True)

        def watch() -> None:
            nonlocal largest
            while not done.wait(0.02):
                largest = max(largest, anonymous())

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            transform = data.Compose([data.RandomFlip(), data.RandomCrop(8), data.Normalize.of(dataset)])
            loader = data.DataLoader(dataset, BATCH, shuffle=True, transform=transform, prefetch=2)
            layers = [nn.Dense(size * size * 3, 512, rng=0), nn.ReLU(), nn.Dense(512, 128, rng=1), nn.ReLU()]
            model = nn.Sequential(nn.Flatten(), *layers, nn.Dense(128, 1, rng=2))
            rule = optim.AdamW(model.parameters())
            began = time.perf_counter()
            history = minidl.fit(model, loader, rule, nn.BCEWithLogitsLoss(), epochs)
        finally:
            done.set()
            watcher.join()
        seconds = time.perf_counter() - began
    print(f"{len(history.steps)} steps of AdamW on an MLP {size * size * 3}-512-128-1 in {seconds:.0f} s: at most "
          f"{largest / 2**20:,.0f} MiB anonymous (to be: under 1,024)")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 128])
    parser.add_argument("--passes", type=int, default=5, help="timed passes per peer")
    parser.add_argument("--memory", action="store_true", help="measure memory instead")
    parser.add_argument("--images", type=int, default=25_000, help="how many, for --memory")
    parser.add_argument("--work", nargs=4, metavar=("PEER", "FOLDER", "SIZE", "PLACE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(*options.work)
    elif options.memory:
        memory(options.images)
    else:
        decoding(options)


if __name__ == "__main__":
    main()
