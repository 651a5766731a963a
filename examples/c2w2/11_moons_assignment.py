"""The course's assignment: two moons, a small network, and gradient descent, Momentum or Adam at one rate.       item 7

Look at: the costs are those of the published notebook, digit by digit (its seeds, its batches of 64, its rate .0007 for
all three). At this rate gradient descent and Momentum have hardly begun after 5,000 epochs, Adam is long done, and
Momentum brings nothing: at so small a rate nothing swings. The first edition ran twice as long, to 79.7, 79.7 and 94 %
of the points: --epochs 10000. The comparison is unfair: the rate suits Adam alone. Change RATES to 0.1 for the others.
The assignment's first version printed the cost of an epoch's last batch; the revised one, and this, the whole epoch's.

    python examples/c2w2/11_moons_assignment.py [--quick] [--out FOLDER] [--epochs 5000]
"""

import argparse

import numpy as np
from joblib import Parallel, delayed
from matplotlib.figure import Figure
from sklearn.datasets import make_moons

import minidl
from minidl import nn, optim
from minidl.lab import folder

RULES = {"gradient descent": optim.SGD, "Momentum": optim.Momentum, "Adam": optim.Adam}
RATES = {"gradient descent": 7e-4, "Momentum": 7e-4, "Adam": 7e-4}
COLOURS = {"gradient descent": "#0072B2", "Momentum": "#D55E00", "Adam": "#000000"}
X, Y = make_moons(300, noise=0.2, random_state=np.random.RandomState(3))  # the course's random numbers
Y = Y[:, None].astype(float)


def network():
    """2-5-2-1, ReLU between, in double precision, with the course's first weights."""
    rng = np.random.RandomState(3)
    course = lambda shape, _: (rng.randn(*shape[::-1]) * np.sqrt(2 / shape[0])).T  # its weights are (out, in)
    dense = [nn.Dense(m, n, init=course, dtype="float64") for m, n in ((2, 5), (5, 2), (2, 1))]
    return nn.Sequential(dense[0], nn.ReLU(), dense[1], nn.ReLU(), dense[2])


def train(rule, lr, epochs):
    """(cost of each epoch, share of right points at its end, {epoch: share} on the way, class at each grid point)."""
    model, loss_function = network(), nn.BCEWithLogitsLoss()
    optimizer, costs, shares = rule(model.parameters(), lr=lr), [], {}
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
        if epoch + 1 in (5000, epochs):
            shares[epoch + 1] = ((model(X).data > 0) == Y).mean()
    with minidl.no_grad():
        return costs, shares, model(GRID.reshape(-1, 2)).data.reshape(GRID.shape[:2]) > 0


GRID = np.stack(np.meshgrid(np.linspace(-1.5, 2.5, 200), np.linspace(-1, 1.5, 150)), axis=-1)
if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="100 epochs")
    parser.add_argument("--out", type=folder, default="results/c2w2/11_moons_assignment", help="for the figure")
    parser.add_argument("--epochs", type=int, default=5000, help="default: 5000")
    options = parser.parse_args()
    epochs = 100 if options.quick else options.epochs
    if epochs < 1:
        parser.error(f"argument --epochs: {epochs}; expected 1 or more")

    jobs = [delayed(train)(rule, RATES[name], epochs) for name, rule in RULES.items()]
    runs = dict(zip(RULES, Parallel(n_jobs=1 if options.quick else 2)(jobs), strict=True))
    figure = Figure(figsize=(13, 3.8), layout="constrained")
    curves, *planes = figure.subplots(1, 4)
    for (name, (costs, shares, areas)), axes in zip(runs.items(), planes, strict=True):
        print(f"\n{name}, rate {RATES[name]:g}")
        for epoch in range(0, epochs, 1000):
            print(f"Cost after epoch {epoch}: {costs[epoch]:.6f}")
        for epoch, share in shares.items():
            print(f"accuracy after {epoch} epochs: {share:.1%}")
        curves.plot(costs, "--" if name == "Momentum" else "-", color=COLOURS[name], linewidth=2, label=name)
        axes.contourf(*np.moveaxis(GRID, -1, 0), areas, levels=[-0.5, 0.5, 1.5], colors=["#F3D9C5", "#CFE0EE"])
        axes.scatter(*X.T, c=np.where(Y[:, 0] > 0, "#0072B2", "#D55E00"), s=8)
        axes.set(title=f"{name}: {shares[epochs]:.1%}", xlabel="x1", ylabel="x2")
    curves.set(xlabel="epoch", ylabel="cost", title="rate 0.0007 for all" if len(set(RATES.values())) == 1 else "cost")
    curves.legend()
    figure.savefig(options.out / "moons_assignment.png", dpi=120)
    print("\nfigure", options.out / "moons_assignment.png")
