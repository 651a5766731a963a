"""RMSProp in two dimensions: AdaGrad that forgets (d2l 7.6; item 24).

Look at: the same valley, the same rate 0.4 at which AdaGrad is half-way after 20 steps: an average of the squared
gradients in place of their sum, and the path arrives in 20 steps. Right: the weight of a squared gradient t steps ago,
(1 - gamma) gamma^t; the book's gamma is alpha in PyTorch and minidl.
Change alpha to 0.999 (the average then starts far too small: what do the first steps do?), or the rate.

Careful: the English edition calls gamma^-1 the half-life of an observation; it is ln 0.5 / ln gamma, printed below.

    python examples/d2l/11_rmsprop.py [--quick] [--out FOLDER]
"""

import argparse
import math

import numpy as np
from matplotlib.figure import Figure

from minidl.lab import folder, landscape, trace_2d
from minidl.lab.landscape_figures import look

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="a smaller figure")
parser.add_argument("--out", type=folder, default="results/d2l/11_rmsprop", help="folder for the figure")
options = parser.parse_args()

path = trace_2d("bowl", "rmsprop", lr=0.4, alpha=0.9, eps=1e-6, eps_inside_sqrt=True)  # eps as in the book
x1, x2 = path.points[-1]
print(f"lr 0.4, gamma 0.9: epoch 20, x1 {x1:f}, x2 {x2:f}")
adagrad = trace_2d("bowl", "adagrad", lr=0.4, eps=1e-6, eps_inside_sqrt=True)

figure = Figure(figsize=(13, 4.2), layout="constrained")
left, right = figure.subplots(1, 2)
landscape.draw(left, path, first=5)
left.plot(*adagrad.points.T, **look(3), markersize=4, label="AdaGrad, rate 0.4", zorder=4)
left.plot([], [], **look(5), markersize=4, label="RMSProp, rate 0.4, gamma 0.9")
left.set(xlabel="x1", ylabel="x2", title=f"RMSProp ends at ({x1:.3f}, {x2:.3f})")
left.legend(loc="upper left")

ago = np.arange(40)
for i, gamma in enumerate((0.95, 0.9, 0.8, 0.7)):
    half_life = math.log(0.5) / math.log(gamma)
    print(f"gamma {gamma:<4}: half-life {half_life:.1f} steps")
    right.plot(ago, (1 - gamma) * gamma**ago, **look(i), markevery=4, label=f"gamma {gamma}: half-life {half_life:.1f}")
right.set(xlabel="steps ago", ylabel=r"$(1 - \gamma)\,\gamma^t$", title="Weight of a past squared gradient")
right.legend()
figure.savefig(options.out / "rmsprop.png", dpi=60 if options.quick else 120)
print("figure", options.out / "rmsprop.png")
