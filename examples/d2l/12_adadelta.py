"""AdaDelta: no rate to choose (d2l 7.7; item 24).

Look at: the step is the ratio of two averages, of past steps (sqrt u) and of past gradients (sqrt v), so it has the
unit of x and needs no rate. It has to find its length itself: u starts at 0, and the first steps are about
sqrt(eps / (1 - rho)), whatever the gradient. Near the minimum eps is all that is left in both roots: the ratio, and
with it the rate, is about 1. For x2, whose curvature is 4, that is too much: it swings, the wider the larger eps.
Change rho, or eps to 1e-2: is eps not a rate in disguise?

    python examples/d2l/12_adadelta.py [--quick] [--out FOLDER]
"""

import argparse
import math

import numpy as np
from matplotlib.figure import Figure

from minidl.lab import folder, landscape, trace_2d
from minidl.lab.landscape_figures import look

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="a smaller figure")
parser.add_argument("--out", type=folder, default="results/d2l/12_adadelta", help="folder for the figure")
options = parser.parse_args()

figure = Figure(figsize=(13, 4.2), layout="constrained")
left, right = figure.subplots(1, 2)
paths = [trace_2d("bowl", "adadelta", steps=400, rho=0.9, eps=eps) for eps in (1e-5, 1e-3, 1e-1)]
print("rho 0.9, no rate")
for i, path in enumerate(paths):
    eps = path.settings["eps"]
    moves = np.abs(np.diff(path.points[:, 0]))
    x1, x2 = path.points[20]
    print(
        f"eps {eps:<5g}  first step {moves[0]:.4f} (sqrt(eps / (1 - rho)) = {math.sqrt(eps / 0.1):.4f})"
        f"  epoch 20, x1 {x1:f}, x2 {x2:f}  |x2| in steps 351 to 400 up to {np.abs(path.points[-50:, 1]).max():.4f}"
    )
    right.plot(np.arange(1, 401), moves, **look(i), markevery=(0, 40), markersize=5, label=f"eps = {eps:g}")
landscape.draw(left, *paths)
left.set(xlabel="x1", ylabel="x2", title="AdaDelta, rho 0.9, 400 steps")
right.set(xlabel="step", ylabel="move of x1", yscale="log", ylim=(1e-5, 1), title="It finds its step length itself")
right.legend()
figure.savefig(options.out / "adadelta.png", dpi=60 if options.quick else 120)
print("figure", options.out / "adadelta.png")
