"""Random search beats grid search when one of two hyper-parameters matters (item 16).

Look at: the learning rate decides, the weight decay (within this range) hardly matters. A grid of 3 x 3 tries three
rates, each three times; nine random points try nine. In more than half of the repetitions random search finds the
better network (the table). Then coarse to fine: a wide search for one epoch, a narrow one around its best for three.
If the best value lies at the border of what was searched, search on: the script says so. Change RATE and DECAY, the
ranges, as powers of ten, and N.

    python examples/cs231n/21_random_vs_grid.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

import minidl
from minidl import data, nn, optim
from minidl.lab import folder
from minidl.lab.landscape_figures import COLOURS

RATE, DECAY, N = (-4.0, 1.0), (-7.0, -4.0), 3  # exponents of ten; N x N tries

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="fewer repetitions")
parser.add_argument("--out", type=folder, default="results/cs231n/21_random_vs_grid", help="for the figure")
options = parser.parse_args()
repetitions = 2 if options.quick else 12

splits = data.load("digits")
train, validation = data.standardize(splits.train, splits.validation)


def validation_loss(points, epochs=1):
    """Of networks trained with these (log10 rate, log10 weight decay)."""
    losses = []
    for rate, decay in points:
        rng = np.random.default_rng(0)
        model = nn.Sequential(nn.Dense(64, 32, rng=rng), nn.ReLU(), nn.Dense(32, 10, rng=rng))
        optimizer = optim.SGD(model.parameters(), lr=10**rate, weight_decay=10**decay)
        minidl.fit(model, data.DataLoader(train, 64, shuffle=True, seed=0), optimizer, nn.CrossEntropyLoss(), epochs)
        loss = minidl.train.evaluate(model, data.DataLoader(validation, 500), nn.CrossEntropyLoss())["loss"]
        losses.append(loss if np.isfinite(loss) else 1e3)
    return np.array(losses)


def grid(rng):
    """N x N points in the middle of N x N boxes, shifted by up to half a box: nobody knows where the optimum lies."""
    rates, decays = (low + (high - low) * (np.arange(N) + rng.uniform()) / N for low, high in (RATE, DECAY))
    return np.array([(rate, decay) for rate in rates for decay in decays])


def random(rng, rates=RATE):
    return np.column_stack([rng.uniform(*rates, N * N), rng.uniform(*DECAY, N * N)])


rng = np.random.default_rng(0)
tries = {"grid": [], "random": []}
for _ in range(repetitions):
    for name, points in (("grid", grid(rng)), ("random", random(rng))):
        tries[name].append((points, validation_loss(points)))
best = {name: np.array([losses.min() for _, losses in runs]) for name, runs in tries.items()}
for name, values in best.items():
    different = len(set(tries[name][0][0][:, 0]))
    print(f"{name:6} {N * N} networks, {different} different rates: best validation loss {np.median(values):.3f} "
          f"(median of {repetitions}), {values.min():.3f} to {values.max():.3f}")  # fmt: skip
print(f"random search found the better network in {np.mean(best['random'] < best['grid']):.0%} of {repetitions} "
      "repetitions\n")  # fmt: skip

points, losses = tries["random"][0]
centre = points[losses.argmin(), 0]
ends = np.sort(points[:, 0])[[0, -1]]
print(f"coarse: best rate 10^{centre:.2f}, loss {losses.min():.3f}; tried from 10^{ends[0]:.2f} to 10^{ends[1]:.2f}"
      + ("; it is the border: search further" if centre in ends else ""))  # fmt: skip
fine = random(rng, (centre - 0.4, centre + 0.4))
fine_losses = validation_loss(fine, 3)
print(f"fine:   best rate 10^{fine[fine_losses.argmin(), 0]:.2f}, loss {fine_losses.min():.3f} after three epochs")

figure = Figure(figsize=(12, 4), layout="constrained")
*panels, compared = figure.subplots(1, 3)
for axes, name in zip(panels, tries, strict=True):
    points, losses = tries[name][0]
    shown = axes.scatter(points[:, 0], points[:, 1], c=np.log10(losses), cmap="cividis_r", s=90, vmin=-0.7, vmax=1,
                         edgecolor="black", clip_on=False)  # fmt: skip
    axes.plot(points[:, 0], np.full(N * N, DECAY[0] - 0.4), "|", color=COLOURS[1], markersize=16, clip_on=False)
    axes.set(xlabel="log10 of the rate (marks: the rates tried)", ylabel="log10 of the weight decay", xlim=RATE,
             ylim=(DECAY[0] - 0.5, DECAY[1]), title=f"{name} search, {N * N} networks")  # fmt: skip
    figure.colorbar(shown, ax=axes, extend="max", label="log10 of the validation loss")
compared.boxplot([best["grid"], best["random"]], tick_labels=["grid", "random"])
compared.set(ylabel="best validation loss of a search", title=f"{repetitions} repetitions of each")
figure.savefig(options.out / "search.png", dpi=110)
print("wrote", options.out / "search.png")
