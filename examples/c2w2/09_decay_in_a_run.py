"""What decay does for a run, and whether Adam can do without it.                                            N5, item 5

Look at: with a constant rate mini-batches never let the loss settle: it trembles at a height that the rate sets. With
a decayed rate it comes to rest, for SGD at nearly the same height, for Adam well below. The notes say that Adam needs
no decay, as it adapts its rates: the lower table and the right picture test that. Adam divides by the size of the
gradients, and near the minimum that is the size of their noise: what it does not adapt to is how near it is. Change
BATCH to 442, the full batch: without noise nobody needs decay.

    python examples/c2w2/09_decay_in_a_run.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_diabetes

from minidl import Tensor, data, optim
from minidl.lab import folder
from minidl.optim import schedules

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="one seed of three, two rates of three")
parser.add_argument("--out", type=folder, default="results/c2w2/09_decay_in_a_run", help="folder for the figure")
options = parser.parse_args()

# 442 patients, ten values each, and a linear prediction of their disease's progress: the best one is known.
table = load_diabetes()
x, y = table.data / table.data.std(axis=0), (table.target - table.target.mean()) / table.target.std()
lowest = np.mean((x @ np.linalg.lstsq(x, y)[0] - y) ** 2)

BATCH, EPOCHS, SEEDS = 16, 20, (0,) if options.quick else (0, 1, 2)
n = -(-len(y) // BATCH)  # steps per epoch
DECAYS = {
    "constant": (schedules.Constant, "#000000", "-"),
    "exponential": (lambda lr: schedules.Exponential(lr, 0.75, steps_per_epoch=n), "#0072B2", "--"),
    "piecewise": (lambda lr: schedules.Piecewise([10, 15], [lr, lr / 10, lr / 100], steps_per_epoch=n), "#D55E00", "-"),
    "1 / t": (lambda lr: schedules.InverseTime(lr, 1.0, steps_per_epoch=n), "#009E73", "-."),
}
RULES = {optim.SGD: (0.003, 0.01, 0.03), optim.Adam: (0.01, 0.03, 0.1)}
if options.quick:
    RULES = {rule: rates[1:] for rule, rates in RULES.items()}


def train(rule, lr, seed):
    """How far above the lowest loss of all patients each step ends."""
    w = Tensor(np.zeros(10), requires_grad=True, dtype="float64")
    optimizer, losses = rule([w], lr=lr), []
    loader = data.DataLoader((x, y), BATCH, shuffle=True, seed=seed)
    for _ in range(EPOCHS):
        for xb, yb in loader:
            optimizer.zero_grad()
            ((xb @ w - yb) ** 2).mean().backward()
            optimizer.step()
            losses.append(np.mean((x @ w.data - y) ** 2) - lowest)
    return losses


figure = Figure(figsize=(12, 4.4), layout="constrained")
print(f"mean loss above the lowest, {lowest:.4f}, in the last of {EPOCHS} epochs (batches of {BATCH})")
for axes, (rule, rates) in zip(figure.subplots(1, 2, sharey=True), RULES.items(), strict=True):
    print(f"\n{rule.__name__ + ', first rate':18}", *(f"{rate:>9}" for rate in rates), "    lowest")
    for name, (decay, colour, line) in DECAYS.items():
        runs = {lr: np.mean([train(rule, decay(lr), seed) for seed in SEEDS], axis=0) for lr in rates}
        ends = {lr: run[-n:].mean() for lr, run in runs.items()}
        best = min(ends, key=ends.get)
        print(f"{name:18}", *(f"{end:9.5f}" for end in ends.values()), f" {ends[best]:9.5f}")
        smooth = np.convolve(runs[best], np.ones(7) / 7, mode="valid")
        axes.plot(np.arange(len(smooth)) / n, smooth, line, color=colour, label=f"{name}, first rate {best}")
    axes.set(xlabel="epoch", yscale="log", title=rule.__name__)
    axes.legend(fontsize=9)
figure.axes[0].set_ylabel("loss above the lowest (mean of 7 steps)")
figure.savefig(options.out / "decay_in_a_run.png", dpi=120)
print("\nfigure", options.out / "decay_in_a_run.png")
