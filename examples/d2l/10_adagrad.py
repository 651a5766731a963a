"""AdaGrad in two dimensions: each coordinate its own rate, and ever smaller steps (d2l 7.5; item 24).

Look at: f = 0.1 x1^2 + 2 x2^2. At rate 0.4 the path is smooth, for the steep x2 divides by its own large gradients;
but s only grows, so the steps shrink, and after 20 of them x1 has half its way before it (the minimum is within 0.1
after 165). Rate 2, at which plain gradient descent would explode, arrives in 20 steps. Right: what is left of the
rate, lr / sqrt(s), in both coordinates.
Change the rate to 0.1 or 10.

    python examples/d2l/10_adagrad.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

from minidl.lab import folder, landscape, trace_2d
from minidl.lab.landscape_figures import COLOURS

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="a smaller figure")
parser.add_argument("--out", type=folder, default="results/d2l/10_adagrad", help="folder for the figure")
options = parser.parse_args()

figure = Figure(figsize=(14, 4), layout="constrained")
panels = figure.subplots(1, 3)
for axes, lr in zip(panels, (0.4, 2.0), strict=False):
    path = trace_2d("bowl", "adagrad", lr=lr, eps=1e-6, eps_inside_sqrt=True)  # eps as in the book
    x1, x2 = path.points[-1]
    print(f"lr {lr}: epoch 20, x1 {x1:f}, x2 {x2:f}")
    landscape.draw(axes, path, first=3)
    axes.set(xlabel="x1", ylabel="x2", title=f"rate {lr:g}: ends at ({x1:.3f}, {x2:.3f})")

    s = np.array([state["s"] for state in path.states[1:]])
    for i, name in enumerate(("x1", "x2")):
        panels[2].plot(np.arange(1, 21), lr / np.sqrt(s[:, i]), color=COLOURS[i],
                       linestyle="-" if lr == 2 else "--", label=f"{name}, rate {lr:g}")  # fmt: skip
panels[2].set(xlabel="step", ylabel="lr / √s", yscale="log", ylim=(0.015, 30), title="What is left of the rate")
panels[2].xaxis.get_major_locator().set_params(integer=True)
panels[2].legend(loc="upper right", ncols=2)
figure.savefig(options.out / "adagrad.png", dpi=60 if options.quick else 120)
print("figure", options.out / "adagrad.png")
