"""Stochastic gradient descent in two dimensions, and rates that fall (d2l 7.2 and "Dynamic Learning Rate"; item 21).

Look at: without noise 20 steps come close to the minimum. With noise on the gradient (mean 0, deviation 1) a constant
rate keeps the point dancing around it. A rate that falls like exp(-0.1 t) calms the dance, but stops on the way;
(1 + 0.1 t)^-0.5 falls slowly enough to arrive. One path proves little: the table averages 20.
Change the noise to 0.1 or 5, or the speed of the decay.

Careful: chapter 7.2 of the first Chinese edition says that its noise has mean 0; its code, np.random.normal(0.1), has
mean 0.1 and deviation 1. Here the mean is 0.

    python examples/d2l/04_noisy_gradients.py [--quick] [--out FOLDER]
"""

import argparse
import math

import numpy as np
from matplotlib.figure import Figure

from minidl.lab import Surface, folder, landscape, trace_2d
from minidl.optim import SGD, schedules

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="the long runs stop after 200 steps in place of 1000")
parser.add_argument("--out", type=folder, default="results/d2l/04_noisy_gradients", help="folder for the figure")
options = parser.parse_args()


# A function of one's own does too; a Surface also knows where the minimum is, and which part to draw.
f = Surface("bowl", "x1^2 + 2 x2^2", lambda x1, x2: x1**2 + 2 * x2**2, start=(-5, -2), view=((-6, 2), (-3, 3)),
            minima=((0, 0),))  # fmt: skip


def square_root_decay(step):
    return 0.1 * (1 + 0.1 * step) ** -0.5


exact = trace_2d(f, "sgd", lr=0.1)
print(f"no noise: epoch 20, x1 {exact.points[-1, 0]:f}, x2 {exact.points[-1, 1]:f}")

# A rate is a number or a function of the step, as in training.
rates = {
    "constant 0.1": 0.1,
    "0.1 exp(-0.1 t)": schedules.Exponential(0.1, decay=math.exp(-0.1)),
    "0.1 (1 + 0.1 t)^-0.5": square_root_decay,
}
long = 200 if options.quick else 1000
paths = [exact]
print("\nmean distance from the minimum, with noise")
print(f"{'rate':22}  after 50 steps (20 seeds)  in the last 100 of {long} steps (one seed)")
for name, rate in rates.items():
    make = lambda point, rate=rate: SGD(point, lr=rate)
    seeds = [trace_2d(f, make, steps=50, noise=1.0, seed=seed) for seed in range(20)]
    distance = np.mean([np.linalg.norm(path.points[-1]) for path in seeds])
    late = np.linalg.norm(trace_2d(f, make, steps=long, noise=1.0).points[-100:], axis=1).mean()
    print(f"{name:22}  {distance:.3f}{'':22}{late:.3f}")
    paths.append(seeds[0])

figure = Figure(figsize=(11, 6.5), layout="constrained")
titles = ["no noise, rate 0.1, 20 steps", *(f"noise, rate {name}, 50 steps" for name in rates)]
for axes, path, title in zip(figure.subplots(2, 2).flat, paths, titles, strict=True):
    landscape.draw(axes, path)
    axes.set(xlabel="x1", ylabel="x2", title=title)
    if path is not exact:
        axes.set(xlim=(-1.5, 0.5), ylim=(-0.5, 0.5), title=f"{title}: the end, nearer")
figure.savefig(options.out / "noisy_gradients.png", dpi=120)
print("figure", options.out / "noisy_gradients.png")
