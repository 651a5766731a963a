"""AdaDelta on sin(x): a step in the unit of x, without a rate to choose; eps decides instead (items 15 and 18).

    v = rho v + (1 - rho) f'(x)^2;  d = sqrt(u + eps) / sqrt(v + eps) f'(x);  x = x - d;  u = rho u + (1 - rho) d^2

Look at: u, the mean square of the steps so far, starts at 0, so the first step is sqrt(eps / (1 - rho)) long, and every
later one only a little longer: with the paper's eps of 1e-6 the ball has hardly left after 100 steps. The method has no
rate, but it has this. Change EPSILONS, or multiply the step: lr=10.

    python examples/cs231n/12_adadelta.py [--quick] [--out FOLDER]
"""

import argparse
from math import cos, sqrt

import numpy as np

from minidl.lab import folder, landscape

EPSILONS, RHO = (1e-6, 1e-4, 1e-2), 0.9

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="changes nothing here: it takes a second")
parser.add_argument("--out", type=folder, default="results/cs231n/12_adadelta", help="folder for the figures")
options = parser.parse_args()

paths = [landscape.trace("sin", "SGD", lr=0.1)]
paths += [landscape.trace("sin", "AdaDelta", rho=RHO, eps=eps) for eps in EPSILONS]

for eps, path in zip(EPSILONS, paths[1:], strict=True):
    x, v, u = 2.0, 0.0, 0.0  # the same by hand
    for step in range(1, 51):
        g = cos(x)
        v = RHO * v + (1 - RHO) * g**2
        d = sqrt(u + eps) / sqrt(v + eps) * g
        x -= d
        u = RHO * u + (1 - RHO) * d**2
        assert np.isclose(x, path.points[step, 0], rtol=1e-9), (x, path)
    steps = np.abs(np.diff(path.points[:, 0]))
    print(f"eps {eps:g}: first step {steps[0]:.5f}, sqrt(eps / (1 - rho)) = {sqrt(eps / (1 - RHO)):.5f}; "
          f"longest step {steps.max():.5f}")  # fmt: skip
print("\n" + landscape.table(paths))
print("\nwrote", *landscape.save(paths, options.out, gif=True))
