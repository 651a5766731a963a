"""Gradient descent in one dimension: the rate decides (d2l 7.2, "Gradient Descent"; item 20).

Look at: on x^2 from 10 the rate 0.2 arrives, 0.05 is too slow, 1.1 jumps over the minimum and ends farther away each
time. On x cos(0.15 pi x), which has many dips, a large rate jumps over some and ends in one of them.
Change the rates: on x^2 each step multiplies x by 1 - 2 lr. Which rate arrives in one step? Which never ends?

    python examples/d2l/02_gradient_descent.py [--quick] [--out FOLDER]
"""

import argparse
import math

import numpy as np
from matplotlib.figure import Figure

import minidl
from minidl.lab import folder, landscape
from minidl.lab.landscape_figures import look

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="fewer points in the figure")
parser.add_argument("--out", type=folder, default="results/d2l/02_gradient_descent", help="folder for the figure")
options = parser.parse_args()


def square(x):
    return x**2


def wavy(x):
    return x * minidl.cos(0.15 * math.pi * x)


figure = Figure(figsize=(11, 7), layout="constrained")
for axes, (f, formula, lr) in zip(
    figure.subplots(2, 2).flat,
    [(square, "x²", 0.2), (square, "x²", 0.05), (square, "x²", 1.1), (wavy, "x cos(0.15πx)", 2.0)],
    strict=True,
):
    path = landscape.trace(f, "sgd", lr=lr, steps=10, start=(10,))
    print(f"{f.__name__:6}  lr {lr:<4g}  epoch 10, x: {path.points[-1, 0]:f}")

    reach = 1.05 * max(10.5, abs(path.points).max())
    x = np.linspace(-reach, reach, 201 if options.quick else 1001)
    axes.plot(x, f(x), color="0.6", label=f"f(x) = {formula}")
    axes.plot(path.points, path.losses, **look(0), label="gradient descent")
    axes.plot(path.points[-1], path.losses[-1], "X", color="black", markersize=10, zorder=5, label="after 10 steps")
    axes.set(xlabel="x", ylabel="f(x)", title=f"rate {lr:g}: from 10 to {path.points[-1, 0]:.2f}")
    axes.legend()
figure.savefig(options.out / "gradient_descent.png", dpi=120)
print("figure", options.out / "gradient_descent.png")
