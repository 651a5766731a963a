"""RMSProp on sin(x): AdaGrad that forgets, and that the rate decides about (lesson N13).

    G = rho G + (1 - rho) f'(x)^2;  x = x - rate / (sqrt(G) + eps) f'(x)

Look at: with the rate that suits AdaGrad, 1, RMSProp never settles: near the minimum the gradients get small, G forgets
the large ones, and the step is always about as long as the rate. That is the use of it, it does not slow down as
AdaGrad does, and the price: it ends in an oscillation about as wide as the rate. Change RATES and rho (`alpha`).

    python examples/cs231n/11_rmsprop.py [--quick] [--out FOLDER]
"""

import argparse
from math import cos, sqrt

import numpy as np

from minidl.lab import folder, landscape

RATES, RHO, EPS = (0.1, 0.3, 1.0), 0.9, 1e-8

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="changes nothing here: it takes a second")
parser.add_argument("--out", type=folder, default="results/cs231n/11_rmsprop", help="folder for the figures")
options = parser.parse_args()

paths = [landscape.trace("sin", "AdaGrad", lr=1.0)]
paths += [landscape.trace("sin", "RMSProp", lr=rate, alpha=RHO) for rate in RATES]

for rate, path in zip(RATES, paths[1:], strict=True):
    x, G = 2.0, 0.0  # the same by hand
    for step in range(20):  # further on an oscillation can magnify the last digits
        G = RHO * G + (1 - RHO) * cos(x) ** 2
        x -= rate / (sqrt(G) + EPS) * cos(x)
        assert np.isclose(x, path.points[step + 1, 0], rtol=1e-9), (x, path)

for path in paths:
    last = path.points[-20:, 0]
    print(f"{path.label}: over the last 20 steps x goes from {last.min():.3f} to {last.max():.3f}, "
          f"{np.abs(np.diff(last)).mean():.3f} a step")  # fmt: skip
print("\n" + landscape.table(paths))
print("\nwrote", *landscape.save(paths, options.out, gif=True))
