"""Momentum: v = beta v + (1 - beta) g, then step along v; in a valley, beside plain gradient descent.            N3

Look at: at the same rate gradient descent jumps from wall to wall at every step. The average of the last gradients
cancels most of the crossing and keeps what points along the valley. Mind beta: .5 is enough here, .9 remembers ten
steps and rolls past. Change the rate to 0.6: gradient descent diverges, both momenta do not; a larger rate is the gain.
In this form v is an average, so that Momentum is no faster along a straight valley at the same rate; PyTorch's form,
v = beta v + g, is 1 / (1 - beta) times larger: optim.SGD(momentum=...).

    python examples/c2w2/05_momentum.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np

from minidl.lab import folder, landscape
from minidl.optim import SGD, Momentum

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="nothing is shortened: it takes a second or two")
parser.add_argument("--out", type=folder, default="results/c2w2/05_momentum", help="folder for figure and table")
options = parser.parse_args()

RATE, STEPS = 0.48, 40
paths = [
    landscape.trace("bowl", SGD, RATE, STEPS),
    landscape.trace("bowl", Momentum, RATE, STEPS, beta=0.5),
    landscape.trace("bowl", Momentum, RATE, STEPS, beta=0.9),
]
print(landscape.table(paths))

print(f"\nalong x and across y the valley, in {STEPS} steps")
for path in paths:
    x, y = path.points.T
    print(f"{path.label:30} crosses the floor {np.count_nonzero(np.diff(np.sign(y))):2} times, walks "
          f"{np.abs(np.diff(y)).sum():5.1f} across and comes {x[-1] - x[0]:.2f} along")  # fmt: skip

# The first steps by hand, with the gradients that the path met.
path, beta = paths[2], 0.9
v, w = np.zeros(2), path.points[0].copy()
print(f"\nMomentum with beta {beta}, by hand:    v = {beta} v + {1 - beta:.1f} g    w = w - {RATE} v")
for t in range(3):
    v = beta * v + (1 - beta) * path.gradients[t]
    w = w - RATE * v
    print(f"step {t + 1}: g = {landscape.point_text(path.gradients[t])}, v = {landscape.point_text(v)}, "
          f"w = {landscape.point_text(w)}")  # fmt: skip
    assert np.allclose(w, path.points[t + 1]) and np.allclose(v, path.states[t + 1]["v"])
print("optim.Momentum went the same way")

print("\nwrote", *landscape.save(paths, options.out))
