"""One, ten or all samples per step: a linear regression on the airfoil data (d2l 7.3; item 22).

Look at: all three end near the same loss (the book: .2436, .2434, .2428). Against epochs, batches of 1 and of 10 draw
one curve: they see the same samples, and ten steps are nearly one of ten times the rate. Against seconds batch 1 is
last by far: every step costs a few calls, whatever its batch. The full batch, 6 steps in all, needs more epochs; on
data as small as these it is the quickest all the same, which 1,500,000 samples in place of 1,500 would end.
Change the rates: batch 1 at rate .05 swings, batch 1500 at rate .005 hardly moves.

The data are NASA's measurements of the noise of an aerofoil: looked for in the folder that MINIDL_DATA names and in
datasets/, else downloaded (60 kB; not with --quick). Where that fails, data are generated, and it says so.

    python examples/d2l/05_batch_sizes_airfoil.py [--quick] [--out FOLDER]
"""

import argparse
import time

import numpy as np
from matplotlib.figure import Figure

import minidl
from minidl import data, nn, optim
from minidl.lab import folder
from minidl.lab.landscape_figures import look

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="no download")
parser.add_argument("--out", type=folder, default="results/d2l/05_batch_sizes_airfoil", help="folder")
options = parser.parse_args()

try:
    table = data.airfoil_table(download=not options.quick)
except OSError as error:
    print(f"{error}\nThe airfoil data are not here: generated data of the same shape instead; the losses differ.\n")
    table = data.regression_table(1503, 5)
(table,) = data.standardize(table)  # the book standardises first and then takes 1500 rows
x, y = table[:1500, :5], table[:1500, 5:]


def loss(prediction, target):
    """Half the squared error, as in the book."""
    return 0.5 * nn.MSELoss()(prediction, target)


def train(batch_size, lr, epochs):
    """(epochs, seconds, loss on all data) every 100 samples; the clock stands still while it measures."""
    model = nn.Dense(5, 1, init=lambda shape, rng: rng.normal(0, 0.01, shape), rng=np.random.default_rng(0))
    rule = optim.SGD(model.parameters(), lr=lr)
    loader = data.DataLoader((x, y), batch_size, shuffle=True, seed=0)
    rows, seen, seconds = [(0.0, 0.0, float(loss(model(x), y)))], 0, 0.0
    for _ in range(epochs):
        began = time.perf_counter()
        for xb, yb in loader:
            rule.zero_grad()
            loss(model(xb), yb).backward()
            rule.step()
            seen += len(xb)
            if seen % 100 == 0:
                seconds += time.perf_counter() - began
                with minidl.no_grad():
                    rows.append((seen / len(x), seconds, float(loss(model(x), y))))
                began = time.perf_counter()
    return np.array(rows).T


train(1500, 1.0, 1)  # the first calls of a program take longer
figure = Figure(figsize=(12, 4.2), layout="constrained")
left, right = figure.subplots(1, 2, sharey=True)
for i, (batch_size, lr, epochs) in enumerate(((1500, 1.0, 6), (1, 0.005, 2), (10, 0.05, 2))):
    epoch, seconds, losses = train(batch_size, lr, epochs)
    print(f"batch {batch_size:4}, lr {lr:<5}: loss: {losses[-1]:.4f}, {seconds[-1] / epochs:.4f} s per epoch")
    left.plot(epoch, losses, **look(i), markersize=4, markevery=4, label=f"batch {batch_size}, rate {lr:g}")
    right.plot(seconds, losses, **look(i), markersize=4, markevery=4)
left.set(xlabel="epoch", ylabel="loss on all 1500 samples", title="Against epochs")
right.set(xlabel="seconds", title="Against seconds (log scale)")
right.set_xscale("symlog", linthresh=1e-3)
left.legend()
figure.savefig(options.out / "batch_sizes.png", dpi=120)
print("figure", options.out / "batch_sizes.png")
