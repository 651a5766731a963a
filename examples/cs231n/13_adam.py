"""Adam on sin(x): momentum for the direction, RMSProp for the length, both corrected (lesson N14).

    m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  x = x - rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)

Look at: the first step is as long as the rate, as AdaGrad's is; then the ball gathers momentum, overshoots and settles,
as momentum's does. The notes' advice is to begin with mini-batches and Adam at rate 0.001: this curve cannot show why
(the step is about the rate, and the way is 2.7 long: 0.001 needs thousands of steps), a network can:
examples/cs231n/22_five_layers.py. Change RATES; b1 = 0 leaves RMSProp with a correction.

Warning: CS231n's notes show first a simplified Adam without the correction; its assignment wants the full one. The
column "uncorrected" is the simplified one.

    python examples/cs231n/13_adam.py [--quick] [--out FOLDER]
"""

import argparse
from math import cos, sqrt

import numpy as np

from minidl.lab import folder, landscape

RATES, B1, B2, EPS = (0.01, 0.1, 0.5), 0.9, 0.999, 1e-8

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="changes nothing here: it takes a second")
parser.add_argument("--out", type=folder, default="results/cs231n/13_adam", help="folder for the figures")
options = parser.parse_args()

paths = [landscape.trace("sin", "SGD", lr=0.1), landscape.trace("sin", "Momentum", lr=1.0)]
paths += [landscape.trace("sin", "Adam", lr=rate) for rate in RATES]


def by_hand(rate, steps, corrected):
    x, m, v = 2.0, 0.0, 0.0
    for t in range(1, steps + 1):
        m = B1 * m + (1 - B1) * cos(x)
        v = B2 * v + (1 - B2) * cos(x) ** 2
        c1, c2 = (1 - B1**t, 1 - B2**t) if corrected else (1, 1)
        x -= rate * (m / c1) / (sqrt(v / c2) + EPS)
    return x


adam = paths[3]
print(f"Adam, rate {RATES[1]:g}\nstep        x    by hand   uncorrected")
for k in (1, 2, 3, 10, 50, 100):
    x = by_hand(RATES[1], k, True)
    print(f"{k:4} {adam.points[k, 0]:8.4f} {x:10.4f} {by_hand(RATES[1], k, False):13.4f}")
    assert np.isclose(x, adam.points[k, 0], rtol=1e-9)
print("\n" + landscape.table(paths))
print("\nwrote", *landscape.save(paths, options.out, gif=True))
