"""Momentum in two dimensions: the narrow valley of d2l 7.4 (N15, item 23).

Look at: f = 0.1 x1^2 + 2 x2^2 is twenty times steeper across than along. Plain gradient descent at rate 0.4 creeps
along x1; at 0.6 it arrives sooner there, but x2 diverges. With momentum the steps across cancel and those along add
up: both rates arrive, even the one at which the plain rule diverges.
Change momentum, the rate or the function; any optimizer's name or class can stand in for "sgd".

The book keeps the rate inside the velocity, v = momentum v + lr g; x = x - v. At a constant rate that is the same path
as that of SGD(momentum=...), with v = momentum v + g; x = x - lr v.

    python examples/d2l/07_momentum.py [--quick] [--out FOLDER]
"""

import argparse

from matplotlib.figure import Figure

from minidl.lab import folder, landscape, trace_2d

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="a smaller figure")
parser.add_argument("--out", type=folder, default="results/d2l/07_momentum", help="folder for the figure")
options = parser.parse_args()


def f(x1, x2):
    return 0.1 * x1**2 + 2 * x2**2


figure = Figure(figsize=(13, 6.5), layout="constrained")
panels = figure.subplots(2, 3)
for axes, lr, momentum in (
    (panels[0, 0], 0.4, 0.0), (panels[0, 1], 0.6, 0.0), (panels[1, 0], 0.4, 0.5), (panels[1, 1], 0.6, 0.5),
    (panels[1, 2], 0.6, 0.25),
):  # fmt: skip
    path = trace_2d(f, "sgd", start=(-5, -2), steps=20, lr=lr, momentum=momentum)
    x1, x2 = path.points[-1]
    print(f"lr {lr}, momentum {momentum:<4}  epoch 20, x1 {x1:f}, x2 {x2:f}")

    landscape.draw(axes, path, first=int(momentum > 0))
    axes.plot(0, 0, "*", color="#F0E442", markeredgecolor="black", markersize=16, zorder=3)
    axes.set(xlim=(-6, 2), xlabel="x1", ylabel="x2")
    axes.set_title(f"rate {lr}, momentum {momentum}: ends at ({x1:.3f}, {x2:.3f})", fontsize=10)

axes = panels[0, 2]
for i, momentum in enumerate((0.0, 0.25, 0.5)):
    path = trace_2d(f, "sgd", lr=0.6, momentum=momentum)
    grey = f"{0.7 - 1.2 * momentum:g}"
    axes.plot(path.losses, color=grey, marker="os^"[i], markersize=4, label=f"momentum {momentum}")
axes.set(yscale="log", xlabel="step", ylabel="f", title="rate 0.6: the loss")
axes.legend()
figure.savefig(options.out / "momentum.png", dpi=60 if options.quick else 120)
print("figure", options.out / "momentum.png")
