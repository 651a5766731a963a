"""Gradient descent, Momentum, RMSprop and Adam on an elongated bowl: who stands a larger rate?               item 4

Look at: the table. The steep direction (y, the course's b) limits gradient descent to rates below 1. Momentum averages
the swings away and stands ten times that. RMSprop and Adam divide by the size of the gradients: they diverge at none
of these rates, but near the minimum their steps are still of about the rate. In the moving picture each has its best
rate. Change the surface: rosenbrock, beale, himmelblau; `minidl landscape --help` does this without a script.

    python examples/c2w2/06_elongated_bowl.py [--quick] [--out FOLDER]
"""

import argparse

from minidl.lab import folder, landscape
from minidl.optim import SGD, Adam, Momentum, RMSProp

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="no moving picture")
parser.add_argument("--out", type=folder, default="results/c2w2/06_elongated_bowl", help="folder for the figures")
options = parser.parse_args()

SURFACE, STEPS = "valley", 60
RULES = {SGD: {}, Momentum: {"beta": 0.9}, RMSProp: {"alpha": 0.9}, Adam: {}}  # the course's beta2 of RMSprop is alpha
RATES = (0.01, 0.1, 0.5, 0.9, 1.1, 3, 10)

print(f"loss after {STEPS} steps (mean of the last five), by rate; it starts at "
      f"{landscape.trace(SURFACE, SGD, 0.1, 1).losses[0]:.2f}\n")  # fmt: skip
print(f"{'rate':10}", *(f"{rate:>9}" for rate in RATES))
for rule, settings in RULES.items():
    runs = [landscape.trace(SURFACE, rule, rate, STEPS, **settings) for rate in RATES]
    ends = [run.losses[-5:].mean() for run in runs]
    print(f"{rule.__name__:10}", *(f"{'diverges' if end > 1e3 else f'{end:.2g}':>9}" for end in ends))

paths = [landscape.explore(SURFACE, rule, STEPS, **settings) for rule, settings in RULES.items()]
print("\n" + landscape.table(paths))
print("\n" + landscape.rates_text(paths))
print("\nwrote", *landscape.save(paths, options.out, gif=not options.quick))
