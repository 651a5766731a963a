"""The step size: one step down the gradient, from too short to far too long (item 10).

Look at: the gradient says in which direction, not how far. With tiny steps the loss falls by almost nothing; there is a
best length; beyond it the loss is worse than before, and far beyond it explodes. The course's table, on CIFAR-10,
begins 2.200718, is lowest at a step of 1e-6 (1.647802) and ends at 25392.2; here, on digits with pixels from 0 to 255,
the numbers are others and the shape is the same. Change SCALE: with pixels from 0 to 1 every best step is 255^2 times
as long.

    python examples/cs231n/05_step_size.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

from minidl import data, nn, ops, optim
from minidl.lab import folder
from minidl.lab.landscape_figures import COLOURS

SCALE = 255.0

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="changes nothing here: it takes a second")
parser.add_argument("--out", type=folder, default="results/cs231n/05_step_size", help="folder for the figure")
options = parser.parse_args()

digits = data.load("digits").train
x, y = digits.x * SCALE, digits.y


def svm(scores, y):
    """Mean over the images of the sum over the wrong classes of max(0, s_j - s_right + 1)."""
    right = (scores * ops.one_hot(y, 10)).sum(axis=1, keepdims=True)
    return ops.maximum(scores - right + 1, 0.0).sum(axis=1).mean() - 1  # the right class itself adds 1


def after_one_step(rate):
    """The loss before and after a step, always from the same small random weights."""
    model = nn.Dense(64, 10, init=lambda shape, rng: 1e-4 * rng.normal(size=shape), rng=0)
    optimizer = optim.SGD(model.parameters(), lr=rate)
    loss = svm(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item(), svm(model(x), y).item()


rates = [10.0**k for k in range(-10, 0)]
before, _ = after_one_step(rates[0])
print(f"original loss: {before:f}")
losses = []
for rate in rates:
    losses.append(after_one_step(rate)[1])
    print(f"for step size {rate:e} new loss: {losses[-1]:f}")
print(f"lowest at step size {rates[int(np.argmin(losses))]:e}")

figure = Figure(figsize=(7, 4.2), layout="constrained")
axes = figure.subplots()
top = 1.6 * before
axes.semilogx(rates, np.minimum(losses, top), "o-", color=COLOURS[0], label="after one step")
axes.axhline(before, color="0.5", linestyle="--", label="before")
for rate, loss in zip(rates, losses, strict=True):
    if loss > top:
        axes.annotate(f"{loss:.3g}", (rate, top), xytext=(0, 6), textcoords="offset points", ha="center", fontsize=8)
axes.set(xlabel="step size", ylabel="SVM loss, drawn up to the upper border", ylim=(0, 1.1 * top),
         title="One step of gradient descent")  # fmt: skip
axes.legend(loc="lower left")
figure.savefig(options.out / "step_size.png", dpi=120)
print("wrote", options.out / "step_size.png")
