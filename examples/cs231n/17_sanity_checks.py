"""Before the long run: a loss at chance, a penalty that raises it, 20 examples learnt by heart (item 12).

Look at: with ten classes and no idea, softmax costs log 10 = 2.302 and the multiclass SVM 9 (nine wrong classes, each 1
short of its margin). A regularisation term only adds. And a network that cannot reach a loss near 0 on 20 examples has
a bug: that costs seconds to find out. Change the loss, break the model (leave out an activation, give the labels in
another order) and see which check notices.

    python examples/cs231n/17_sanity_checks.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

from minidl import data, nn, ops, optim
from minidl.lab import folder
from minidl.lab.landscape_figures import COLOURS

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="changes nothing here: it takes a second")
parser.add_argument("--out", type=folder, default="results/cs231n/17_sanity_checks", help="for the figure")
options = parser.parse_args()

digits = data.load("digits").train
x, y = digits.x, digits.y
softmax = nn.CrossEntropyLoss()


def svm(scores, y):
    """Mean over the images of the sum over the wrong classes of max(0, s_j - s_right + 1)."""
    right = (scores * ops.one_hot(y, 10)).sum(axis=1, keepdims=True)
    return ops.maximum(scores - right + 1, 0.0).sum(axis=1).mean() - 1  # the right class itself adds 1


def small(shape, rng):
    return 1e-4 * rng.normal(size=shape)


rng = np.random.default_rng(0)
model = nn.Sequential(nn.Dense(64, 50, init=small, rng=rng), nn.ReLU(), nn.Dense(50, 10, init=small, rng=rng))
print(f"1. at chance: softmax {softmax(model(x), y).item():.6f}, log 10 = {np.log(10):.6f}; "
      f"SVM {svm(model(x), y).item():.6f}, expected 9")  # fmt: skip

wide = nn.Dense(64, 10, rng=0)
print("2. regularisation raises the loss (0.5 lambda times the sum of the squared weights):")
for strength in (0.0, 0.01, 0.1, 1.0):
    penalty = 0.5 * strength * (wide.weight * wide.weight).sum()
    print(f"   lambda {strength:<4g} softmax {(softmax(wide(x), y) + penalty).item():.4f}")

few_x, few_y = x[:20], y[:20]
rng = np.random.default_rng(0)
model = nn.Sequential(nn.Dense(64, 50, rng=rng), nn.ReLU(), nn.Dense(50, 10, rng=rng))
optimizer, losses = optim.Adam(model.parameters(), lr=0.01), []
for _ in range(200):
    loss = softmax(model(few_x), few_y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
right = (model(few_x).numpy().argmax(axis=1) == few_y).sum()
print(f"3. 20 examples by heart: loss {losses[0]:.3f} -> {losses[-1]:.5f}, {right} of 20 right")

figure = Figure(figsize=(6.5, 4), layout="constrained")
axes = figure.subplots()
axes.semilogy(range(1, 201), losses, color=COLOURS[0], label="training loss")
axes.axhline(np.log(10), color="0.5", linestyle=":", label="log 10, guessing")
axes.set(xlabel="step", ylabel="softmax loss", title="20 examples learnt by heart (Adam, rate 0.01)")
axes.legend()
figure.savefig(options.out / "overfit.png", dpi=120)
print("wrote", options.out / "overfit.png")
