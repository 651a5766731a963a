"""The two animations of CS231n, after Alec Radford's: who curves round the valley, who leaves the saddle (item 15).

Look at: on the contours Momentum and Nesterov shoot past the turn, like a ball rolling down a hill, and come back.
AdaGrad, RMSProp and AdaDelta begin at 45 degrees, equal steps both ways, and hardly overshoot; Adam has momentum too
and swings wide. At the saddle the gradient along the way out is nearly 0: SGD sits on the ridge longest, momentum waits
and then rushes, and the methods that divide by the size of the gradient leave first. Change the rates, the start, or
the surface: `minidl landscape` has nine.

The rates of the lecture's animations are not in its notes: these are ours, on the Beale function and on x^2 - y^2.
AdaDelta's steps are 20 and 5 times its paper's, or it would hardly be seen to move (12_adadelta.py).

    python examples/cs231n/15_contours_and_saddle.py [--quick] [--out FOLDER]
"""

import argparse
from dataclasses import replace

import numpy as np

from minidl.lab import folder, landscape
from minidl.lab.surfaces import surface

CONTOURS = {"SGD": 0.01, "Momentum": 0.03, "Nesterov": 0.003, "AdaGrad": 0.5, "AdaDelta": 20.0, "RMSProp": 0.05,
            "Adam": 0.2}  # fmt: skip
SADDLE = {"SGD": 0.02, "Momentum": 0.2, "Nesterov": 0.02, "AdaGrad": 0.1, "AdaDelta": 5.0, "RMSProp": 0.02,
          "Adam": 0.02}  # fmt: skip

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="changes nothing here: it takes a few seconds")
parser.add_argument("--out", type=folder, default="results/cs231n/15_contours_and_saddle", help="for the figures")
options = parser.parse_args()

contours = replace(surface("beale"), view=((-1, 4.5), (-2.3, 2.5)))  # room for those that shoot past the turn
for where, rates in ((contours, CONTOURS), (surface("saddle"), SADDLE)):
    paths = [landscape.trace(where, name, lr=rate, steps=120) for name, rate in rates.items()]
    print(landscape.table(paths))
    if where.name == "saddle":
        print("\nstep at which |y| passes 0.1: how fast each one leaves the ridge")
        left = {x.optimizer: np.abs(x.points[:, 1]) > 0.1 for x in paths}
        for name, away in left.items():
            print(f"  {name:9} {int(np.argmax(away)) if away.any() else '-'}")
    print("\nwrote", *landscape.save(paths, options.out / where.name, gif=True), "\n")
