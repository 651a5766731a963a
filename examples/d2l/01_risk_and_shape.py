"""What we lower is not what we want lower, and what can stop us: minima, saddles, plateaus (d2l 7.1; item 19).

Look at: the lowest point of the empirical risk, which training sees, is not that of the risk. From the left gradient
descent ends in the nearest dip, which is not the deepest. On x^3, and at the saddle of x^2 - y^2, the gradient is 0 at
no minimum. On tanh at 4 the slope is 0.0013: after a hundred steps the point is where it was.
Change the starts, or the size of the ripple in `empirical_risk`: how large until the two minima lie far apart?

    python examples/d2l/01_risk_and_shape.py [--quick] [--out FOLDER]
"""

import argparse
import math

import numpy as np
from matplotlib.figure import Figure

import minidl
from minidl import Tensor
from minidl.lab import folder, landscape
from minidl.lab.landscape_figures import look

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="fewer points in the figure")
parser.add_argument("--out", type=folder, default="results/d2l/01_risk_and_shape", help="folder for the figure")
options = parser.parse_args()


def risk(x):
    return x * minidl.cos(math.pi * x)


def empirical_risk(x):
    return risk(x) + 0.2 * minidl.cos(5 * math.pi * x)


def cubed(x):
    return x**3


def slope(f, x):
    x = Tensor(np.array(x), requires_grad=True)
    return float(minidl.grad(f(x), x))


# 1. The empirical risk is an average over a few samples; its lowest point is elsewhere.
x = np.linspace(0.5, 1.5, 10_001)
print(f"lowest risk           at x = {x[risk(x).argmin()]:.3f}")
print(f"lowest empirical risk at x = {x[empirical_risk(x).argmin()]:.3f}")

# 2. Gradient descent goes down, not far: where it ends depends on where it began.
left, right = (landscape.trace(risk, "sgd", lr=0.05, steps=50, start=(at,)) for at in (-0.7, 0.6))
for path in (left, right):
    print(f"from {path.points[0, 0]:4.1f} down to x = {path.points[-1, 0]:.3f}, f = {path.losses[-1]:.3f}")

# 3. Gradient 0, and no minimum: the curvatures (eigenvalues of the Hessian) have both signs, or are 0.
z = Tensor(np.zeros(2), requires_grad=True)
gradient = minidl.grad(z[0] ** 2 - z[1] ** 2, z, create_graph=True)
hessian = np.stack([minidl.grad(gradient[i], z, create_graph=True).numpy() for i in range(2)])
print("x^2 - y^2 at (0, 0): gradient", gradient.numpy(), " curvatures", np.linalg.eigvalsh(hessian))
print(f"x^3 at 0: f' = {slope(cubed, 0.0):.4f}")

# 4. A plateau: the gradient is so small that nothing happens.
print(f"tanh at 4: f' = {slope(minidl.tanh, 4.0):.4f}")
plateau = landscape.trace(minidl.tanh, "sgd", lr=0.1, steps=100, start=(4,))
print(f"100 steps of rate 0.1 later: x = {plateau.points[-1, 0]:.3f}")

figure = Figure(figsize=(11, 7), layout="constrained")
panels = figure.subplots(2, 2)
points = 101 if options.quick else 501
for axes, (low, high), curves, paths, title in (
    (panels[0, 0], (0.5, 1.5), (risk, empirical_risk), (), "What we want lower, and what we see"),
    (panels[0, 1], (-1.0, 2.0), (risk,), (left, right), "The nearest dip is not the deepest: x cos(πx)"),
    (panels[1, 0], (-2.0, 2.0), (cubed,), (), "Gradient 0 at x = 0, no minimum: x³"),
    (panels[1, 1], (-2.0, 5.0), (minidl.tanh,), (plateau,), "A plateau: 100 steps, hardly a move: tanh(x)"),
):
    x = np.linspace(low, high, points)
    for i, f in enumerate(curves):
        axes.plot(x, f(x), **look(i) | {"marker": None}, label=f.__name__.replace("_", " "))
        if len(curves) > 1:
            axes.plot(x[f(x).argmin()], f(x).min(), "*", color=look(i)["color"], markersize=16, label="its minimum")
    for i, path in enumerate(paths, 1):
        axes.plot(path.points, path.losses, **look(i), markersize=5, label=f"from {path.points[0, 0]:g}")
    axes.set(xlabel="x", ylabel="f(x)", title=title)
    axes.legend()
panels[1, 0].plot(0, 0, "o", color="black", markersize=8)
figure.savefig(options.out / "risk_and_shape.png", dpi=120)
print("figure", options.out / "risk_and_shape.png")
