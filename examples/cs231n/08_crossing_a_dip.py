"""Gradient descent stops in the first dip; momentum can roll through it (item 18).

Look at: on sin(x) + (x - 11)^2 / 20 the dip near 5.3 is shallow and the one near 11 is deep. From the same start and at
the same rate, gradient descent ends in the first, a ball with mu = 0.9 in the second. With mu = 0.5 there is too much
friction. On sin(x) itself every hill is as high as the one the ball came from, so friction should keep it in its dip,
and at small rates it does. At rate 2 it crosses two hills all the same: steps this long gain energy that no
real ball would have. Change MUS, START, the rates: crossing a dip is luck as much as it is a rule.

    python examples/cs231n/08_crossing_a_dip.py [--quick] [--out FOLDER]
"""

import argparse
from math import pi

from minidl.lab import Surface, folder, landscape
from minidl.lab.landscape_figures import picture
from minidl.ops import sin

START, MUS = 2.0, (0, 0.5, 0.9)

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="changes nothing here: it takes a second")
parser.add_argument("--out", type=folder, default="results/cs231n/08_crossing_a_dip", help="for the figures")
options = parser.parse_args()

two_dips = Surface(
    "two dips", "sin(x) + (x - 11)^2 / 20", lambda x: sin(x) + (x - 11) ** 2 / 20, start=(START,), view=((0.5, 14.5),),
    minima=((10.995977,),), steps=150, note="one shallow, one deep",
)  # fmt: skip
sine = Surface(
    "sin", "sin(x)", sin, start=(1.8,), view=((-1.0, 21.5),), minima=tuple(((2 * k + 1.5) * pi,) for k in range(3)),
    steps=150,
)  # fmt: skip

for name, surface, rate in (("two_dips", two_dips, 0.1), ("sin_small_rate", sine, 0.1), ("sin_rate_2", sine, 2)):
    paths = [landscape.trace(surface, "SGD", lr=rate, momentum=mu) for mu in MUS]
    print(f"{surface.formula}, from x = {surface.start[0]:g}, rate {rate:g}")
    for mu, path in zip(MUS, paths, strict=True):
        x = path.points[:, 0]
        print(f"  mu = {mu:3g}: furthest x = {x.max():6.3f}, after {len(x) - 1} steps x = {x[-1]:6.3f}, "
              f"f = {path.losses[-1]:6.3f}")  # fmt: skip
    (options.out / f"{name}.png").write_bytes(picture(paths))
    print("  wrote", options.out / f"{name}.png")
