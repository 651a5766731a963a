"""Newton's method: the curvature sets the step (d2l 7.2, "Adaptive Methods"; item 20).

Look at: on cosh, whose curvature is positive everywhere, x - f'/f'' arrives without any rate to choose. On
x cos(0.15 pi x) the curvature is negative in places: there the same step goes up, and leaves. Half of the step
happens to stay; nothing guarantees it. Both derivatives come from minidl.grad: the second is that of the first.
Change the start to 1 or 5, or take abs(curvature) in the step: is it downhill now?

    python examples/d2l/03_newton.py [--quick] [--out FOLDER]
"""

import argparse
import math

import numpy as np
from matplotlib.figure import Figure

import minidl
from minidl import Tensor
from minidl.lab import folder
from minidl.lab.landscape_figures import look

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="fewer points in the figure")
parser.add_argument("--out", type=folder, default="results/d2l/03_newton", help="folder for the figure")
options = parser.parse_args()


def cosh(x):
    return (minidl.exp(0.5 * x) + minidl.exp(-0.5 * x)) / 2


def wavy(x):
    return x * minidl.cos(0.15 * math.pi * x)


def newton(f, x=10.0, lr=1.0, steps=10):
    """The points of x <- x - lr f'(x) / f''(x)."""
    points = [x]
    for _ in range(steps):
        at = Tensor(np.array(points[-1]), requires_grad=True)
        slope = minidl.grad(f(at), at, create_graph=True)
        curvature = minidl.grad(slope, at)
        points.append(points[-1] - lr * float(slope) / float(curvature))
    return np.array(points)


figure = Figure(figsize=(13, 4.2), layout="constrained")
for axes, (f, formula, lr) in zip(
    figure.subplots(1, 3),
    [(cosh, "cosh(x/2)", 1.0), (wavy, "x cos(0.15πx)", 1.0), (wavy, "x cos(0.15πx)", 0.5)],
    strict=True,
):
    points = newton(f, lr=lr)
    print(f"{f.__name__:4}  lr {lr:<3g}  epoch 10, x: {points[-1]:f}")

    x = np.linspace(min(-10, points.min()) - 2, max(10, points.max()) + 2, 201 if options.quick else 1001)
    axes.plot(x, f(x), color="0.6", label=f"f(x) = {formula}")
    axes.plot(points, f(points), **look(0), label="Newton")
    axes.plot(points[0], f(points[0]), "o", color="white", markeredgecolor="black", markersize=9, label="start")
    axes.plot(points[-1], f(points[-1]), "X", color="black", markersize=10, label="after 10 steps")
    axes.set(ylim=(None, f(x).max() + 0.5 * np.ptp(f(x))))  # room for the legend
    axes.set(xlabel="x", ylabel="f(x)", title=f"rate {lr:g}: from 10 to {points[-1]:.2f}")
    axes.legend()
figure.savefig(options.out / "newton.png", dpi=120)
print("figure", options.out / "newton.png")
