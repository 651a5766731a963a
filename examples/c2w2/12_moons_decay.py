"""The assignment's second half: a rate that decays in every epoch, and one that decays every 1,000 epochs.   N5, item 7

Look at: with 1 / (1 + epoch) gradient descent's rate is down to 0.0001 by epoch 1,000, and the cost stalls near .66,
with nothing learned; in intervals of 1,000 epochs the same formula keeps the rate up, and gradient descent and
Momentum end below Adam. Costs and rates are those of the published notebook, digit by digit; it lowers the rate after
an epoch, so that epochs 0 and 1 both have the first one. Change the interval to 100, or decay to 0.01 in every epoch.

    python examples/c2w2/12_moons_decay.py [--quick] [--out FOLDER] [--epochs 4001]
"""

import argparse

import numpy as np
from joblib import Parallel, delayed
from matplotlib.figure import Figure
from sklearn.datasets import make_moons

from minidl import nn, optim
from minidl.lab import folder
from minidl.optim.schedules import InverseTime

X, Y = make_moons(300, noise=0.2, random_state=np.random.RandomState(3))  # the course's random numbers
Y = Y[:, None].astype(float)
BATCHES = 5  # of 64 points and, the last, 44


def every(interval, lr):
    """lr / (1 + floor(epochs done / interval)), one epoch late, as in the notebook."""
    decay = InverseTime(lr, 1.0, steps_per_epoch=interval * BATCHES, staircase=True)
    return lambda step: decay(max(0, step - BATCHES))


RUNS = {  # rule, first rate, interval, colour and line
    "gradient descent, every epoch": (optim.SGD, 0.1, 1, "#0072B2", ":"),
    "gradient descent, every 1,000 epochs": (optim.SGD, 0.1, 1000, "#0072B2", "-"),
    "Momentum, every 1,000 epochs": (optim.Momentum, 0.1, 1000, "#D55E00", "--"),
    "Adam, every 1,000 epochs": (optim.Adam, 0.01, 1000, "#000000", "-"),
}


def train(rule, lr, interval, epochs):
    """Cost and rate of each epoch, of the network 2-5-2-1 with the course's first weights and batches."""
    rng = np.random.RandomState(3)
    course = lambda shape, _: (rng.randn(*shape[::-1]) * np.sqrt(2 / shape[0])).T  # its weights are (out, in)
    dense = [nn.Dense(m, n, init=course, dtype="float64") for m, n in ((2, 5), (5, 2), (2, 1))]
    model, loss_function = nn.Sequential(dense[0], nn.ReLU(), dense[1], nn.ReLU(), dense[2]), nn.BCEWithLogitsLoss()
    optimizer, costs, rates = rule(model.parameters(), lr=every(interval, lr)), [], []
    for epoch in range(epochs):
        order, total = np.random.RandomState(11 + epoch).permutation(300), 0.0
        for i in range(0, 300, 64):
            batch = order[i : i + 64]
            loss = loss_function(model(X[batch]), Y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        costs.append(total / 300)
        rates.append(optimizer.lr)
    return costs, rates


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="100 epochs")
    parser.add_argument("--out", type=folder, default="results/c2w2/12_moons_decay", help="folder for the figure")
    parser.add_argument("--epochs", type=int, default=4001, help="default: 4001")
    options = parser.parse_args()
    epochs = 100 if options.quick else options.epochs
    if epochs < 1:
        parser.error(f"argument --epochs: {epochs}; expected 1 or more")
    jobs = [delayed(train)(rule, lr, interval, epochs) for rule, lr, interval, _, _ in RUNS.values()]
    results = Parallel(n_jobs=1 if options.quick else 2)(jobs)

    figure = Figure(figsize=(11, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for (name, (*_, colour, line)), (costs, rates) in zip(RUNS.items(), results, strict=True):
        print(name)
        for epoch in range(0, epochs, 1000):
            print(f"    epoch {epoch:4}: cost {costs[epoch]:.6f}, rate after it {rates[epoch]:.6f}")
        left.plot(costs, line, color=colour, linewidth=2, label=name)
        right.plot(rates, line, color=colour, linewidth=2, label=name)
    left.set(xlabel="epoch", ylabel="cost", ylim=(0, None), title="Two moons, batches of 64")
    left.legend(fontsize=9)
    right.set(xlabel="epoch", ylabel="rate", yscale="log", title="The rate in force")
    figure.savefig(options.out / "moons_decay.png", dpi=120)
    print("figure", options.out / "moons_decay.png")
