"""Seven balls on sin(x): SGD, Momentum, Nesterov, AdaGrad, AdaDelta, RMSProp, Adam in one film (N10 to N14, item 18).

Look at: landscape.gif. Momentum, Nesterov and Adam roll past the minimum and come back; SGD and AdaGrad never pass it;
AdaDelta, left to its paper's settings, is still at the top when the others have settled. Change SETTINGS: who is first
says more about the rates than about the methods (search.png: the best rate of 26 for each, the same for all).

    python examples/cs231n/14_rolling_balls.py [--quick] [--out FOLDER]
"""

import argparse

from minidl.lab import folder, landscape
from minidl.lab.landscape_figures import picture

SETTINGS = {
    "SGD": {"lr": 0.1},
    "Momentum": {"lr": 1.0, "beta": 0.9},  # SGD's rate, divided by 1 - beta
    "Nesterov": {"lr": 0.1, "momentum": 0.9},
    "AdaGrad": {"lr": 0.5},
    "AdaDelta": {"lr": 1.0},
    "RMSProp": {"lr": 0.1, "alpha": 0.9},
    "Adam": {"lr": 0.1},
}

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="without the search for rates")
parser.add_argument("--out", type=folder, default="results/cs231n/14_rolling_balls", help="for the figures")
options = parser.parse_args()

paths = [landscape.trace("sin", name, steps=120, **settings) for name, settings in SETTINGS.items()]
print(landscape.table(paths))
print("\nwrote", *landscape.save(paths, options.out, gif=True))

if not options.quick:
    best = [landscape.explore("sin", name, steps=120) for name in SETTINGS]
    print("\n" + landscape.table(best) + "\n\n" + landscape.rates_text(best))
    (options.out / "search.png").write_bytes(picture(best))
    print("\nwrote", options.out / "search.png")
