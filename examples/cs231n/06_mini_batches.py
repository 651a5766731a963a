"""Mini-batches: the gradient of a few examples is nearly as good, and there are many more of them (lesson N9).

Look at: every run sees as many examples as the others, EPOCHS times the training set, and each batch size has the best
of the same rates. In the left figure the small batches are far ahead per example seen. In the right one, per second,
the smallest lose some of that: very small products keep the processor waiting. Change SIZES, RATES, EPOCHS.

MNIST is used where it is, of it the first 10,000 images; else the built-in digits.

    python examples/cs231n/06_mini_batches.py [--quick] [--out FOLDER]
"""

import argparse
import time

import numpy as np
from matplotlib.figure import Figure

import minidl
from minidl import data, nn, optim
from minidl.lab import folder
from minidl.lab.landscape_figures import COLOURS

SIZES, RATES, EPOCHS = (16, 64, 256, None), (0.1, 0.3, 1.0, 3.0), 10  # None: all examples at once

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="two rates and five epochs")
parser.add_argument("--out", type=folder, default="results/cs231n/06_mini_batches", help="for the figure")
options = parser.parse_args()
rates, epochs = ((0.1, 0.3), 5) if options.quick else (RATES, EPOCHS)

try:
    splits = data.load("mnist", download=False)
except OSError:
    print("MNIST is not here: this is on the built-in digits.\n")
    splits = data.load("digits")
x, y = splits.train.x[:10_000], splits.train.y[:10_000]
x = (x - x.mean()) / x.std()
loss_function = nn.CrossEntropyLoss()


def train(size, rate):
    """Loss on the whole training set after each epoch, and the seconds of training up to there."""
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Dense(x.shape[1], 64, rng=rng), nn.ReLU(), nn.Dense(64, 10, rng=rng))
    loader = data.DataLoader((x, y), size or len(x), shuffle=True, seed=0)
    optimizer = optim.SGD(model.parameters(), lr=rate)
    losses, clock, seconds = [], 0.0, [0.0]
    for _ in range(epochs + 1):
        with minidl.no_grad():
            losses.append(loss_function(model(x), y).item())
        if len(losses) > epochs or not np.isfinite(losses[-1]):
            return losses, seconds, len(loader)
        began = time.perf_counter()
        for bx, by in loader:
            loss = loss_function(model(bx), by)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        clock += time.perf_counter() - began
        seconds.append(clock)


print(f"{splits.name}, {len(x):,} examples, {epochs} epochs\n batch   best rate   steps   training loss   seconds")
figure = Figure(figsize=(10, 4), layout="constrained")
left, right = figure.subplots(1, 2, sharey=True)
for i, size in enumerate(SIZES):
    runs = {rate: train(size, rate) for rate in rates}
    best = min(rates, key=lambda rate: runs[rate][0][-1] if np.isfinite(runs[rate][0][-1]) else np.inf)
    losses, seconds, steps = runs[best]
    name = "all" if size is None else str(size)
    print(f"{name:>6} {best:11g} {steps * epochs:7} {losses[-1]:15.4f} {seconds[-1]:9.2f}")
    look = {"color": COLOURS[i], "marker": "osD^"[i], "markersize": 4, "label": f"batch {name}, rate {best:g}"}
    left.plot(range(epochs + 1), losses, **look)
    right.plot(seconds, losses, **look)
left.set(xlabel="examples seen, in epochs", ylabel="loss on the training set", yscale="log", title="per example")
right.set(xlabel="seconds of training (log scale)", xscale="log", title="per second")
left.legend(fontsize=9)
figure.savefig(options.out / "mini_batches.png", dpi=120)
print("wrote", options.out / "mini_batches.png")
