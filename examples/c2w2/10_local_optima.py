"""Local optima, saddle points and plateaus: where training stands still, and what gets it moving again.    N1, item 6

Look at: a zero gradient is rarely a minimum. x² - y² and x³ hold back who steps in proportion to the gradient. A full
batch that comes down exactly onto a saddle stays there for ever; the noise of mini-batches, larger for smaller batches,
pushes it off. On the plateau of a saturated neuron the gradient is tiny: RMSProp and Adam, which divide by its size,
walk at their usual pace. Momentum, alone or in Adam, rolls over the flat spot of x³. Change the start of x³ from 1 to
0.3, the noise, or RATE.

    python examples/c2w2/10_local_optima.py [--quick] [--out FOLDER]
"""

import argparse
import math

import numpy as np
from matplotlib.figure import Figure

import minidl
from minidl.lab import Surface, folder, landscape
from minidl.optim import SGD, Adam, Momentum, RMSProp

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="nothing is shortened: it takes a few seconds")
parser.add_argument("--out", type=folder, default="results/c2w2/10_local_optima", help="folder for the figure")
options = parser.parse_args()

RULES = {SGD: ({}, "#0072B2", "-"), Momentum: ({}, "#D55E00", "--"),
         RMSProp: ({"alpha": 0.9}, "#56B4E9", "-."), Adam: ({}, "#000000", "-")}  # fmt: skip
RATE = 0.05
WIDE = ((-9.0, 9.0), (-9.0, 9.0))
saddle = Surface("saddle x² - y²", "", lambda x, y: x**2 - y**2, (-1, 1e-3), WIDE)
inflection = Surface("inflection x³", "", lambda x: x**3, (1,), WIDE[:1])
plateau = Surface("plateau: sigmoid(x)²", "", lambda x: minidl.sigmoid(x) ** 2, (5,), WIDE[:1])
two_valleys = Surface("x² / 2 + y⁴ / 4 - y² / 2", "", lambda x, y: x**2 / 2 + y**4 / 4 - y**2 / 2, (1, 0), WIDE)

figure = Figure(figsize=(12, 7.5), layout="constrained")
panels = figure.subplots(2, 2).flat


def steps_until(path, reached):
    """The first step after which `reached` holds, for ever after or not; infinite where it never does."""
    return int(np.argmax(reached)) if reached.any() else math.inf


def compare(where, steps, coordinate, left, words):
    """All rules at one rate: after how many steps the coordinate passes the value `left`."""
    axes, found = next(panels), {}
    for rule, (settings, colour, line) in RULES.items():
        path = landscape.trace(where, rule, RATE, steps, **settings)
        x = path.points[:, coordinate]
        past = np.abs(x) > left if left > 0 else x < left
        found[rule.__name__] = steps_until(path, past)
        axes.plot(x, line, color=colour, linewidth=2, label=rule.__name__)
    axes.axhline(left, color="grey", linewidth=0.8, linestyle=":")
    axes.set(xlabel="step", ylabel="xy"[coordinate], title=where.name, ylim=(-1.6, 5.2 if where is plateau else 1.6))
    axes.legend(fontsize=9)
    print(f"{where.name:22} {words:24}", *(f"{name} {n:<5g}" for name, n in found.items()))


print(f"steps at rate {RATE}, inf: not in the steps shown")
compare(saddle, 150, 1, 1.0, "until |y| > 1")
compare(inflection, 400, 0, -0.5, "until x < -0.5")
compare(plateau, 600, 0, -1.0, "until x < -1")

print(f"\n{two_valleys.name}: SGD comes straight down to the saddle at (0, 0);\nminima at (0, -1) and (0, 1); "
      "noise is made up, 0.5 / sqrt(batch) on each part of the gradient")  # fmt: skip
axes, m = next(panels), 1797
for batch, colour in ((1, "#0072B2"), (16, "#D55E00"), (256, "#009E73"), (m, "#000000")):
    noise = 0 if batch == m else 0.5 / math.sqrt(batch)  # how the error of a mean shrinks
    path = landscape.trace(two_valleys, SGD, RATE, 400, noise=noise, seed=1)
    y, name = path.points[:, 1], f"batch {batch}" if noise else "full batch"
    axes.plot(y, color=colour, linewidth=2, label=name)
    print(f"    {name:10} noise {noise:<6.3g} steps until |y| > 0.5: {steps_until(path, np.abs(y) > 0.5):g}")
axes.set(xlabel="step", ylabel="y", title=f"who leaves the saddle of {two_valleys.name}?", ylim=(-1.6, 1.6))
axes.legend(fontsize=9)
figure.savefig(options.out / "local_optima.png", dpi=120)
print("\nfigure", options.out / "local_optima.png")
