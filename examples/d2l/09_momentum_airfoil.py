"""Momentum from scratch and by class, on the airfoil data (d2l 7.4.4 and 7.4.5; N16, item 23).

Look at: the four lines of the book, v = momentum v + lr g; w = w - v, and optim.SGD(momentum=...) give the same losses
to the last digits of float32. Momentum .9 sums ten gradients: at rate .02 the loss jumps about (the book ends at
.2520), at .004 it is smooth (.2429). Momentum .5 at .02 is between them (.2455).
Change momentum to .99: how small must the rate be?

Careful: a printed edition of this lesson ends the version by class at a loss of 0.994468. Nothing was learned there:
predictions of shape (10, 1) minus labels of shape (10,) are (10, 10) differences. Here MSELoss refuses such shapes.

The data: in the folder that MINIDL_DATA names or in datasets/, else downloaded (60 kB; not with --quick), else
generated, and it says so.

    python examples/d2l/09_momentum_airfoil.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

import minidl
from minidl import data, nn, optim
from minidl.lab import folder
from minidl.lab.landscape_figures import look

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="no download")
parser.add_argument("--out", type=folder, default="results/d2l/09_momentum_airfoil", help="folder for the figure")
options = parser.parse_args()

try:
    table = data.airfoil_table(download=not options.quick)
except OSError as error:
    print(f"{error}\nThe airfoil data are not here: generated data of the same shape instead; the losses differ.\n")
    table = data.regression_table(1503, 5)
(table,) = data.standardize(table)  # the book standardises first and then takes 1500 rows
x, y = table[:1500, :5], table[:1500, 5:]


def train(make_step):
    """The losses on all data after each step of two epochs."""
    model = nn.Dense(5, 1, init=lambda shape, rng: rng.normal(0, 0.01, shape), rng=np.random.default_rng(0))
    loader = data.DataLoader((x, y), 10, shuffle=True, seed=0)
    step, losses = make_step(model.parameters()), []
    for _ in range(2):
        for xb, yb in loader:
            for p in model.parameters():
                p.grad = None
            (0.5 * nn.MSELoss()(model(xb), yb)).backward()
            step()
            with minidl.no_grad():
                losses.append(float(0.5 * nn.MSELoss()(model(x), y)))
    return np.array(losses)


def from_scratch(params, lr, momentum):
    params = list(params)
    velocities = [np.zeros_like(p.data) for p in params]

    def step():
        for p, v in zip(params, velocities, strict=True):
            v[:] = momentum * v + lr * p.grad.data
            p.data -= v

    return step


figure = Figure(figsize=(12, 4), layout="constrained")
for i, (axes, lr, momentum) in enumerate(zip(
    figure.subplots(1, 3, sharey=True), (0.02, 0.02, 0.004), (0.5, 0.9, 0.9), strict=True
)):  # fmt: skip
    by_hand = train(lambda params, lr=lr, momentum=momentum: from_scratch(params, lr, momentum))
    by_class = train(lambda params, lr=lr, momentum=momentum: optim.SGD(params, lr, momentum).step)
    late = by_class[len(by_class) // 2 :]
    print(f"lr {lr:<5}, momentum {momentum}: loss: {by_class[-1]:.4f}, highest in the second epoch {late.max():.4f}")
    print(f"    from scratch: {by_hand[-1]:.4f}, largest difference {np.abs(by_hand - by_class).max():.1e}")
    axes.plot(np.arange(1, 301) / 150, by_hand, color="0.75", linewidth=5, label="from scratch")
    axes.plot(np.arange(1, 301) / 150, by_class, **look(i) | {"marker": None}, label="optim.SGD")
    axes.set(xlabel="epoch", ylim=(0.23, 0.4), title=f"rate {lr}, momentum {momentum}")
    axes.legend()
figure.axes[0].set_ylabel("loss on all 1500 samples")

try:
    nn.MSELoss()(np.zeros((10, 1)), np.zeros(10))
except ValueError as error:
    print(f"(10, 1) against (10,): {error}")
figure.savefig(options.out / "momentum_airfoil.png", dpi=120)
print("figure", options.out / "momentum_airfoil.png")
