"""All rules of the chapter on the airfoil data, at the book's rates: who reaches .30 first? (d2l 7.3 to 7.8; item 24)

Look at: a straight line cannot fit better than .2417, and after two epochs every rule is near .243. They differ in the
way: AdaGrad's first steps are large, so it is there first; RMSProp, Adam and Yogi move every weight by about their rate
of 0.01 per step, AdaDelta begins with nearly nothing. It is the rates that decide: a comparison at one rate each is no
verdict on the rules (16_all_optimizers.py tunes them).
Change a rate: Adam at 0.1, or SGD at 0.02.

The data: in the folder that MINIDL_DATA names or in datasets/, else downloaded (60 kB; not with --quick), else
generated, and it says so.

    python examples/d2l/15_all_rules_airfoil.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

import minidl
from minidl import data, nn, optim
from minidl.lab import folder
from minidl.lab.landscape_figures import look

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="no download, 2 seeds in place of 10")
parser.add_argument("--out", type=folder, default="results/d2l/15_all_rules_airfoil", help="folder")
options = parser.parse_args()

try:
    table = data.airfoil_table(download=not options.quick)
except OSError as error:
    print(f"{error}\nThe airfoil data are not here: generated data of the same shape instead; the losses differ.\n")
    table = data.regression_table(1503, 5)
(table,) = data.standardize(table)  # the book standardises first and then takes 1500 rows
x, y = table[:1500, :5], table[:1500, 5:]

rules = {  # eps as in the book: inside the root
    "SGD": lambda p: optim.SGD(p, lr=0.05),
    "momentum 0.5": lambda p: optim.SGD(p, lr=0.02, momentum=0.5),
    "AdaGrad": lambda p: optim.AdaGrad(p, lr=0.1, eps=1e-6, eps_inside_sqrt=True),
    "RMSProp": lambda p: optim.RMSProp(p, lr=0.01, alpha=0.9, eps=1e-6, eps_inside_sqrt=True),
    "AdaDelta": lambda p: optim.AdaDelta(p, rho=0.9, eps=1e-5),
    "Adam": lambda p: optim.Adam(p, lr=0.01, eps=1e-6),
    "Yogi": lambda p: optim.Yogi(p, lr=0.01, eps=1e-3),
}


def train(make, seed):
    """The loss on all data before the first and after each step of two epochs, batch 10."""
    model = nn.Dense(5, 1, init=lambda shape, rng: rng.normal(0, 0.01, shape), rng=np.random.default_rng(seed))
    rule, half_mse = make(model.parameters()), lambda output, target: 0.5 * nn.MSELoss()(output, target)
    loader = data.DataLoader((x, y), 10, shuffle=True, seed=seed)
    losses = [float(half_mse(model(x), y))]
    for _ in range(2):
        for xb, yb in loader:
            rule.zero_grad()
            half_mse(model(xb), yb).backward()
            rule.step()
            with minidl.no_grad():
                losses.append(float(half_mse(model(x), y)))
    return losses


seeds = 2 if options.quick else 10
curves = {name: np.array([train(make, seed) for seed in range(seeds)]) for name, make in rules.items()}
reached = {name: (runs <= 0.30).argmax(axis=1).mean() for name, runs in curves.items()}
print(f"mean of {seeds} seeds    steps to .30    at the end")
for name in sorted(reached, key=reached.get):
    print(f"{name:16} {reached[name]:14.1f}    loss: {curves[name][:, -1].mean():.4f}")

figure = Figure(figsize=(8, 4.8), layout="constrained")
axes = figure.subplots()
for i, (name, runs) in zip((0, 1, 3, 5, 4, 6, 7), curves.items(), strict=True):
    axes.plot(runs.mean(axis=0), **look(i), markevery=(3 * i, 20), markersize=5, label=name)
axes.axhline(0.30, color="black", linewidth=0.8)
axes.set(xlabel="step (batch 10; 150 are an epoch)", ylabel="loss on all 1500 samples", xlim=(0, 150))
axes.set_title(f"The first epoch at the book's rates, mean of {seeds} seeds")
axes.legend()
figure.savefig(options.out / "all_rules_airfoil.png", dpi=120)
print("figure", options.out / "all_rules_airfoil.png")
