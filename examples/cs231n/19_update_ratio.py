"""The update ratio: how long is a step, compared with the weights that it changes? (item 13)

    ||w after - w before|| / ||w before||,   layer by layer and step by step

Look at: the course's rule of thumb is about 1e-3. The lowest rate is near it in the first epoch, and the ratio grows
with the rate; this small network bears more than the rule says. Later, with little left to learn, it falls. A layer
whose ratio is far below the others' does not learn: try init="zeros" in one. Change RATES, the optimizer: Adam's ratio
hardly depends on the gradients.

    python examples/cs231n/19_update_ratio.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

from minidl import data, nn, optim
from minidl.lab import folder
from minidl.lab.landscape_figures import COLOURS

RATES = (0.001, 0.01, 0.1)

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="2 epochs instead of 20")
parser.add_argument("--out", type=folder, default="results/cs231n/19_update_ratio", help="for the figure")
options = parser.parse_args()

(train,) = data.standardize(data.load("digits").train)
loader = data.DataLoader(train, 32, shuffle=True, seed=0)
loss_function = nn.CrossEntropyLoss()

figure = Figure(figsize=(13, 4), layout="constrained")
for axes, rate in zip(figure.subplots(1, 3, sharey=True), RATES, strict=True):
    rng = np.random.default_rng(0)
    dense = [nn.Dense(*shape, init="glorot", rng=rng) for shape in ((64, 64), (64, 64), (64, 10))]
    model = nn.Sequential(dense[0], nn.Tanh(), dense[1], nn.Tanh(), dense[2])
    optimizer = optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    loader.set_epoch(0)
    ratios = []
    for _ in range(2 if options.quick else 20):
        for x, y in loader:
            loss = loss_function(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            before = [layer.weight.numpy() for layer in dense]
            optimizer.step()
            steps = [layer.weight.numpy() - w for layer, w in zip(dense, before, strict=True)]
            ratios.append([np.linalg.norm(d) / np.linalg.norm(w) for d, w in zip(steps, before, strict=True)])
    median = np.median(ratios[: len(loader)], axis=0)
    print(f"rate {rate:<6g} update ratio of layers 1, 2, 3 in the first epoch, median: "
          + "  ".join(f"{r:.1e}" for r in median) + f"; loss of the last batch {loss.item():.4f}")  # fmt: skip
    for i, column in enumerate(np.array(ratios).T):
        axes.semilogy(column, color=COLOURS[i], linewidth=0.9, label=f"layer {i + 1}")
    axes.axhline(1e-3, color="0.4", linestyle=":", label="1e-3")
    axes.set(xlabel="step", title=f"SGD with momentum 0.9, rate {rate:g}")
figure.axes[0].set(ylabel="||step|| / ||weights||")
figure.axes[0].legend()
figure.savefig(options.out / "update_ratio.png", dpi=110)
print("wrote", options.out / "update_ratio.png")
