"""Five hidden layers of 100: SGD, Momentum, RMSProp, Adam, AdaGrad on the same network (lesson N14, item 17).

Look at: the three panels of the assignment, loss, training and validation accuracy, from the same start and on the same
batches. The rates are searched for each optimizer, by training loss: the assignment's own (5e-3, 1e-4, 1e-3) suit its
data and its starting weights. The assignment asks why AdaGrad's updates become small: its G only grows, so that the
rate in force, rate / sqrt(G), only falls (the last table); RMSProp's rises again as gradients get small. Change RATES,
EPOCHS.

CIFAR-10 is used where it is (minidl datasets get cifar10), 4,000 images of it; else the built-in digits.

    python examples/cs231n/22_five_layers.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

import minidl
from minidl import data, nn, optim
from minidl.lab import folder
from minidl.lab.landscape_figures import COLOURS

METHODS = {"SGD": 0, "Momentum": 1, "AdaGrad": 3, "RMSProp": 5, "Adam": 6}  # and its colour, as in all figures
RATES, EPOCHS = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1), 5

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="two rates and three epochs")
parser.add_argument("--out", type=folder, default="results/cs231n/22_five_layers", help="for the figure")
options = parser.parse_args()
rates, epochs = ((1e-2, 1e-1), 3) if options.quick else (RATES, EPOCHS)

try:
    splits = data.load("cifar10", validation=1000, download=False)
except OSError as error:
    print(f"{error}\nThis is on the built-in digits instead.\n")
    splits = data.load("digits")
x, validation_x = (part.x.reshape(len(part), -1).astype(np.float32) for part in (splits.train, splits.validation))
x, y = x[:4000], splits.train.y[:4000]
mean, deviation = x.mean(axis=0), x.std()
x, validation = (x - mean) / deviation, data.DataLoader(((validation_x - mean) / deviation, splits.validation.y), 1000)


def rate_in_force(optimizer, lr):
    """The median over the weights of rate / sqrt(G): G is called s in AdaGrad, v in RMSProp."""
    sums = [state.get("s", state.get("v")) for state in optimizer.state_dict()["state"].values()]
    return lr / np.median(np.sqrt(np.concatenate([np.ravel(g) for g in sums])) + 1e-10)


def train(name, rate):
    """The history, and of AdaGrad and RMSProp the rate in force after every epoch."""
    rng, layers, in_force = np.random.default_rng(0), [], []
    for k in range(5):
        layers += [nn.Dense(100 if k else x.shape[1], 100, rng=rng), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Dense(100, 10, rng=rng))
    optimizer = getattr(optim, name)(model.parameters(), lr=rate, **({"alpha": 0.9} if name == "RMSProp" else {}))
    note = [lambda run: in_force.append(rate_in_force(optimizer, rate))] if name in ("AdaGrad", "RMSProp") else []
    loader = data.DataLoader((x, y), 100, shuffle=True, seed=0)
    return minidl.fit(model, loader, optimizer, nn.CrossEntropyLoss(), epochs, validation, callbacks=note), in_force


figure = Figure(figsize=(13, 4), layout="constrained")
panels = figure.subplots(1, 3)
print(f"{splits.name}, {len(x):,} images, {epochs} epochs")
print("optimizer   best rate   training loss   training   validation")
kept = {}
for i, (name, colour) in enumerate(METHODS.items()):
    runs = {rate: train(name, rate) for rate in rates}
    rate = min(rates, key=lambda r: runs[r][0]["train_loss"][-1] if not runs[r][0].stopped else np.inf)
    history, kept[name] = runs[rate]
    columns = [history[c] for c in ("train_loss", "train_accuracy", "validation_accuracy")]
    print(f"{name:9} {rate:11g} {columns[0][-1]:15.4f} {columns[1][-1]:10.1%} {columns[2][-1]:12.1%}")
    for axes, column in zip(panels, columns, strict=True):
        axes.plot(range(1, len(column) + 1), column, color=COLOURS[colour], marker="os^v*"[i], markersize=4,
                  label=f"{name}, rate {rate:g}")  # fmt: skip
for axes, title in zip(panels, ("training loss", "training accuracy", "validation accuracy"), strict=True):
    axes.set(xlabel="epoch", title=title, xticks=range(1, epochs + 1))
panels[0].set_yscale("log")
panels[0].legend(fontsize=9, loc="lower left")
print("\nrate in force, the median of all weights, after each epoch")
for name in ("AdaGrad", "RMSProp"):
    print(f"{name:8}" + "".join(f"{rate:9.1e}" for rate in kept[name]))
figure.savefig(options.out / "five_layers.png", dpi=110)
print("wrote", options.out / "five_layers.png")
