"""Gradient descent on sin(x): a small rate is slow and sure, a large one jumps over the minimum (lessons N8, item 18).

Look at: with rate 0.1 the ball creeps into the dip in 100 steps and never turns round. With rate 2 it is there in four
steps and then jumps from one side to the other: at the minimum the curvature is 1, and a step at rate 2 / curvature
lands as far away as it began. Change RATES: what does 2.5 do? Change START: at pi / 2, the top, the gradient is 0 and
nothing ever moves.

    python examples/cs231n/04_gradient_descent.py [--quick] [--out FOLDER]
"""

import argparse
from math import cos

import numpy as np

from minidl.lab import folder, landscape

START, RATES = 1.8, (0.1, 1.0, 2.0)

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="changes nothing here: it takes a second")
parser.add_argument("--out", type=folder, default="results/cs231n/04_gradient_descent", help="for the figures")
options = parser.parse_args()

paths = [landscape.trace("sin", "SGD", lr=rate, steps=100, start=(START,)) for rate in RATES]

# The same by hand: the whole rule is one line.
for rate, path in zip(RATES, paths, strict=True):
    x = START
    for _ in range(100):
        x -= rate * cos(x)
    assert np.isclose(x, path.points[-1, 0], rtol=1e-12), (x, path)

print(landscape.table(paths), "\n")
for rate, path in zip(RATES, paths, strict=True):
    x = path.points[:, 0]
    turns = int((np.diff(np.sign(np.diff(x))) != 0).sum())
    print(f"rate {rate:g}: x = " + ", ".join(f"{v:.4f}" for v in x[:5]) + f", ..., {x[-2]:.4f}, {x[-1]:.4f}; "
          f"the ball turns round {turns} times")  # fmt: skip
print(f"the minimum is at 3 pi / 2 = {1.5 * np.pi:.4f}\n")
print("wrote", *landscape.save(paths, options.out, gif=True))
