"""AdaGrad on sin(x): no physics, and ever slower (lesson N12).

    G = G + f'(x)^2;  x = x - rate / (sqrt(G) + eps) f'(x)

Look at: there is no velocity, so nothing rolls through the minimum. The first step has the length of the rate, whatever
the gradient. G only grows, so that the rate in force (the column below) only falls: with 0.1, AdaGrad has not arrived
after 100 steps where plain gradient descent has. It wants a much larger rate: 1 arrives in four steps. Change RATES.

eps only keeps a division by 0 away. Some texts write it inside the root: eps_inside_sqrt=True.

    python examples/cs231n/10_adagrad.py [--quick] [--out FOLDER]
"""

import argparse
from math import cos, sqrt

import numpy as np

from minidl.lab import folder, landscape

RATES, EPS = (0.1, 0.3, 1.0), 1e-10

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="changes nothing here: it takes a second")
parser.add_argument("--out", type=folder, default="results/cs231n/10_adagrad", help="folder for the figures")
options = parser.parse_args()

paths = [landscape.trace("sin", "SGD", lr=0.1)]
paths += [landscape.trace("sin", "AdaGrad", lr=rate) for rate in RATES]

for rate, path in zip(RATES, paths[1:], strict=True):
    x, G = 2.0, 0.0  # the same by hand
    for _ in range(100):
        G += cos(x) ** 2
        x -= rate / (sqrt(G) + EPS) * cos(x)
    assert np.isclose(x, path.points[-1, 0], rtol=1e-12), (x, path)

slow = paths[1]
print(f"AdaGrad, rate {RATES[0]:g}\nstep        x   gradient         G   rate in force   length of the step")
for k in (1, 2, 5, 10, 20, 50, 100):
    total, gradient = slow.states[k]["s"][0], slow.gradients[k - 1, 0]
    print(f"{k:4} {slow.points[k, 0]:8.4f} {gradient:10.4f} {total:9.4f} {RATES[0] / (sqrt(total) + EPS):15.4f} "
          f"{abs(slow.points[k, 0] - slow.points[k - 1, 0]):20.4f}")  # fmt: skip
print("\n" + landscape.table(paths))
print("\nwrote", *landscape.save(paths, options.out, gif=True))
