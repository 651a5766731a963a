"""The landscape of a loss: along a line, and over a plane, through weights that have 640 dimensions (item 8).

    L(W + a W1)   and   L(W + a W1 + b W2)     W the weights, W1 and W2 random directions

Look at: for one image the multiclass SVM loss is made of straight pieces (the second differences along the line are 0
except at a few kinks); averaged over a thousand images it looks like a smooth bowl. The softmax loss is smooth
already for one. Both are convex here, a linear classifier; put a layer with ReLU in between and neither is. Change the
number of images, the directions (SEED), the length of the line (REACH).

    python examples/cs231n/01_loss_landscape.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

from minidl import data, ops
from minidl.lab import folder
from minidl.lab.landscape_figures import COLOURS

SEED, REACH = 0, 2.0

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="fewer points")
parser.add_argument("--out", type=folder, default="results/cs231n/01_loss_landscape", help="for the figure")
options = parser.parse_args()


def svm(scores, y):
    """Mean over the images of the sum over the wrong classes of max(0, s_j - s_right + 1)."""
    right = (scores * ops.one_hot(y, 10)).sum(axis=1, keepdims=True)
    return ops.maximum(scores - right + 1, 0.0).sum(axis=1).mean() - 1  # the right class itself adds 1


digits = data.load("digits").train  # 1,079 images of 8 x 8 pixels
x, y = digits.x.astype(np.float64), digits.y
rng = np.random.default_rng(SEED)
W, W1, W2 = rng.normal(size=(3, 64, 10))
s, s1, s2 = x @ W, x @ W1, x @ W2  # scores are linear in the weights: x @ (W + a W1) = s + a s1
line = np.linspace(-REACH, REACH, 201 if options.quick else 801)
plane = np.linspace(-REACH, REACH, 21 if options.quick else 61)


def along(loss, n):
    """Mean loss of the first n images at every a."""
    return np.array([loss(s[:n] + a * s1[:n], y[:n]) for a in line])


curves = {("svm", n): along(svm, n) for n in (1, len(x))}
curves |= {("softmax", n): along(ops.softmax_cross_entropy, n) for n in (1, len(x))}
for (name, n), curve in curves.items():
    bend = np.abs(np.diff(curve, 2))
    straight = (bend < 1e-10).mean()
    print(f"{name:7} of {n:4} images: {straight:6.1%} of the line is straight; "
          f"{'convex' if (np.diff(curve, 2) > -1e-9).all() else 'not convex'}")  # fmt: skip

heights = {n: np.array([[svm(s[:n] + a * s1[:n] + b * s2[:n], y[:n]) for a in plane] for b in plane])
           for n in (1, 100)}  # fmt: skip

figure = Figure(figsize=(13, 4), layout="constrained")
one, everything, left, right = figure.subplots(1, 4)
for axes, n in ((one, 1), (everything, len(x))):
    for colour, name, style in ((COLOURS[0], "svm", "-"), (COLOURS[1], "softmax", "--")):
        axes.plot(line, curves[name, n], style, color=colour, label=name)
    axes.set(xlabel="a", ylabel="loss", title=f"L(W + a W1), {n:,} image{'s' * (n > 1)}")
    axes.legend()
for axes, n in ((left, 1), (right, 100)):
    filled = axes.contourf(plane, plane, heights[n], 20, cmap="cividis")
    figure.colorbar(filled, ax=axes, label="loss")
    axes.set(xlabel="a", ylabel="b", title=f"SVM over the plane, {n} image{'s' * (n > 1)}")
figure.savefig(options.out / "loss.png", dpi=110)
print("wrote", options.out / "loss.png")
