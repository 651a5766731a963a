"""Momentum on sin(x): a ball with mass rolls, overshoots and settles (lesson N10).

    v = beta v + (1 - beta) f'(x);  x = x - rate v

Look at: v starts at 0, so the ball starts slower than gradient descent, gathers speed, rolls through the minimum and up
the other side, and swings until friction has used up its energy. beta is the friction: 0 is gradient descent. Change
BETAS: 0.5 hardly swings, 0.99 swings for a thousand steps.

Course texts write the same ball in two ways. CS231n's v = mu v - rate f'(x); x = x + v has no factor (1 - beta): it is
SGD(momentum=mu) at a rate 1 - beta times as large. Warning: a slide of the lecture has vx = rho vx + dx and then
x += rate * vx; read literally that climbs. The sign of one of the two must be minus.

    python examples/cs231n/07_momentum.py [--quick] [--out FOLDER]
"""

import argparse
from math import cos

import numpy as np

from minidl.lab import folder, landscape

BETAS = (0.5, 0.9, 0.97)

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="changes nothing here: it takes a second")
parser.add_argument("--out", type=folder, default="results/cs231n/07_momentum", help="folder for the figures")
options = parser.parse_args()

paths = [landscape.trace("sin", "SGD", lr=0.1, steps=150)]
paths += [landscape.trace("sin", "Momentum", lr=1.0, beta=beta, steps=150) for beta in BETAS]

for beta, path in zip(BETAS, paths[1:], strict=True):
    x, v, course, u = 2.0, 0.0, 2.0, 0.0  # by hand, and below it CS231n's form
    for _ in range(150):
        v = beta * v + (1 - beta) * cos(x)
        x = x - 1.0 * v
        u = beta * u - (1 - beta) * 1.0 * cos(course)  # mu v - rate f'(x)
        course = course + u
    same = landscape.trace("sin", "SGD", lr=1.0 * (1 - beta), momentum=beta, steps=150)
    apart = np.abs(path.points - same.points).max()
    print(f"beta {beta:g}: by hand {x:.6f}, Momentum {path.points[-1, 0]:.6f}, in CS231n's form {course:.6f}; "
          f"SGD(momentum={beta:g}) at rate {1 - beta:.2g} differs by {apart:.0e} at most")  # fmt: skip
    assert np.isclose(x, path.points[-1, 0], rtol=1e-9) and np.isclose(course, x, rtol=1e-9) and apart < 1e-9

print("\n" + landscape.table(paths) + "\n")
for path in paths:
    over = path.points.max() - 1.5 * np.pi
    print(f"{path.label}: " + (f"overshoots by {over:.2f}" if over > 1e-3 else "never passes the minimum"))
print("\nwrote", *landscape.save(paths, options.out, gif=True))
