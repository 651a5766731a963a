"""Nesterov momentum on sin(x): look ahead, then correct (lesson N11, item 14).

    v = gamma v - rate f'(x + gamma v);  x = x + v          the notes: gradient where the momentum would carry the ball

Look at: the ball brakes before it overshoots, because it takes the slope ahead of it: it swings less than momentum with
the same gamma and rate. An optimizer class can take the gradient only where the weights are, so `optim.Nesterov` keeps
the point ahead, w = x + gamma v, as the weights, and steps from one such point to the next:

    b = gamma b + f'(w);  w = w - rate (f'(w) + gamma b)    with v = -rate b; back to the ball: x = w + rate gamma b

CS231n's vector form of it, v_prev = v; v = gamma v - rate f'(w); w += -gamma v_prev + (1 + gamma) v, is the same. The
script runs all three and converts. Change GAMMA; in vectors.png change STEP, the step that is drawn.

    python examples/cs231n/09_nesterov.py [--quick] [--out FOLDER]
"""

import argparse
from math import cos

import numpy as np
from matplotlib.figure import Figure

from minidl.lab import folder, landscape
from minidl.lab.landscape_figures import COLOURS

RATE, GAMMA, STEP = 0.1, 0.9, 4

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="changes nothing here: it takes a second")
parser.add_argument("--out", type=folder, default="results/cs231n/09_nesterov", help="folder for the figures")
options = parser.parse_args()

paths = [landscape.trace("sin", "SGD", lr=RATE, momentum=GAMMA), landscape.trace("sin", "Nesterov", lr=RATE)]

x, v = 2.0, 0.0  # the ball of the notes
w, u = 2.0, 0.0  # CS231n's vector form
print("step   ball x   ahead x + gamma v   optim.Nesterov stores   from it, the ball")
for step, (point, state) in enumerate(zip(paths[1].points[1:, 0], paths[1].states[1:], strict=True), 1):
    v = GAMMA * v - RATE * cos(x + GAMMA * v)
    x = x + v
    u_prev, u = u, GAMMA * u - RATE * cos(w)
    w += -GAMMA * u_prev + (1 + GAMMA) * u
    ball = point + RATE * GAMMA * state["v"][0]
    assert np.allclose([x + GAMMA * v, w, ball], [point, point, x], rtol=1e-10)
    if step <= 5 or step == 100:
        print(f"{step:4} {x:8.5f} {x + GAMMA * v:19.5f} {point:23.5f} {ball:19.5f}")
print("\n" + landscape.table(paths) + "\n")
for path in paths:
    print(f"{path.label}: overshoots the minimum by {path.points.max() - 1.5 * np.pi:.3f}")
print("\nwrote", *landscape.save(paths, options.out, gif=True))

# The drawing of the notes, for one step on the bowl: in two dimensions the two gradients point in different directions.
bowl = landscape.trace("bowl", "SGD", lr=0.1, momentum=GAMMA, steps=STEP)
at, carried = bowl.points[-1], GAMMA * (bowl.points[-1] - bowl.points[-2])
figure = Figure(figsize=(10, 4.2), layout="constrained")
for axes, title, where in zip(figure.subplots(1, 2, sharex=True, sharey=True), ("Momentum", "Nesterov"),
                              (at, at + carried), strict=True):  # fmt: skip
    step = -0.1 * bowl.surface.gradients([where])[0]
    for start, arrow, colour, label in ((at, carried, COLOURS[2], "momentum step, gamma v"),
                                        (at + carried, step, COLOURS[1], "gradient step, taken at the cross"),
                                        (at, carried + step, COLOURS[0], "actual step")):  # fmt: skip
        axes.quiver(*start, *arrow, angles="xy", scale_units="xy", scale=1, color=colour, width=0.008, label=label)
    axes.plot(*where, "x", color="black", markersize=10, markeredgewidth=2, zorder=5)
    axes.update_datalim([at, at + carried, at + carried + step])  # quiver tells the axes only where its arrows begin
    axes.margins(0.25)
    axes.autoscale_view()
    axes.set(xlabel="x", ylabel="y", title=f"{title}: gradient at {'the ball' if where is at else 'the point ahead'}")
    axes.legend(fontsize=8, loc="lower left")
figure.savefig(options.out / "vectors.png", dpi=120)
print("wrote", options.out / "vectors.png")
