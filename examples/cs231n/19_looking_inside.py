"""Watching a network train: update ratio, histograms of activations and gradients, first-layer images (item 13).

Look at: the length of a step divided by the length of the weights, layer by layer. About 1e-3 is a healthy size early
in training; later, when there is little left to learn, it falls. The histograms show whether tanh is stuck at -1 and 1 and whether gradients
reach the first layer; the images are the 8 x 8 weights of a unit each: noise that nothing smooths without weight decay,
strokes with it. Change RATES, DECAY, the initialiser (16_initialisation.py), the activation.

    python examples/cs231n/19_looking_inside.py [--quick] [--out FOLDER]
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from minidl import data, nn, optim
from minidl.lab.landscape_figures import COLOURS

RATES, DECAY = (0.001, 0.01, 0.1), 0.03  # of SGD with momentum 0.9; the middle one is drawn, and run with weight decay

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="3 epochs instead of 20")
parser.add_argument("--out", type=Path, default=Path("results/cs231n/19_looking_inside"), help="for the figures")
options = parser.parse_args()

splits = data.load("digits")
x, y = splits.train.x, splits.train.y
train = data.ArrayDataset((x - x.mean()) / x.std(), y)
loss_function = nn.CrossEntropyLoss()


def run(rate, decay=0.0):
    """The model, and for every step the ratio ||step|| / ||weights|| of each of the three layers."""
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Dense(64, 64, init="glorot", rng=rng), nn.Tanh(),
                          nn.Dense(64, 64, init="glorot", rng=rng), nn.Tanh(),
                          nn.Dense(64, 10, init="glorot", rng=rng))  # fmt: skip
    optimizer = optim.SGD(model.parameters(), lr=rate, momentum=0.9, weight_decay=decay)
    loader = data.DataLoader(train, 32, shuffle=True, seed=0)
    weights, ratios = [layer.weight for layer in model.layers if isinstance(layer, nn.Dense)], []
    for _ in range(3 if options.quick else 20):
        for x, y in loader:
            loss = loss_function(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            before = [w.numpy() for w in weights]
            optimizer.step()
            pairs = zip(weights, before, strict=True)
            ratios.append([np.linalg.norm(w.data - b) / np.linalg.norm(b) for w, b in pairs])
    return model, np.array(ratios), loss.item()


figure = Figure(figsize=(13, 6.5), layout="constrained")
grid = figure.subplots(2, 3)
for axes, rate in zip(grid[0], RATES, strict=True):
    model, ratios, last = run(rate)
    if rate == RATES[1]:
        shown = model
    median = np.median(ratios[: len(train) // 32], axis=0)
    print(f"rate {rate:<6g} median update ratio of layers 1, 2, 3 in the first epoch: " + "  ".join(f"{r:.1e}" for r in median)
          + f"   loss of the last batch {last:.4f}")  # fmt: skip
    for i in range(3):
        axes.semilogy(ratios[:, i], color=COLOURS[i], linewidth=0.8, label=f"layer {i + 1}")
    axes.axhline(1e-3, color="0.4", linestyle=":")
    axes.set(xlabel="step", ylabel="||step|| / ||weights||", ylim=(1e-5, 1), title=f"update ratio, rate {rate:g}")
grid[0, 0].legend()
grid[0, 0].annotate("1e-3", (1, 1e-3), xycoords=("axes fraction", "data"), xytext=(-26, 3),
                    textcoords="offset points", fontsize=8)  # fmt: skip

h, dense = train.x, 0
loss = loss_function(shown(train.x), train.y)
shown.zero_grad()
loss.backward()
for layer in shown.layers:
    h = layer(h)
    if isinstance(layer, nn.Dense):
        gradient = layer.weight.grad.numpy().ravel()
        grid[1, 1].hist(gradient, bins=60, range=(-0.003, 0.003), histtype="step", color=COLOURS[dense],
                        density=True, label=f"layer {dense + 1}")  # fmt: skip
        dense += 1
    else:
        values = h.numpy().ravel()
        print(f"layer {dense}: {np.mean(np.abs(values) > 0.97):.1%} of the activations are beyond 0.97 (saturated)")
        grid[1, 0].hist(values, bins=60, range=(-1, 1), histtype="step", color=COLOURS[dense - 1], density=True,
                        label=f"layer {dense}")  # fmt: skip
grid[1, 0].set(xlabel="tanh activation", ylabel="density", title=f"activations after training, rate {RATES[1]:g}")
grid[1, 1].set(xlabel="gradient of a weight", ylabel="density", yscale="log", title="gradients after training")
for axes in grid[1, :2]:
    axes.legend()

decayed, _, _ = run(RATES[1], DECAY)
first = np.concatenate([model.layers[0].weight.numpy()[:, :16] for model in (shown, decayed)], axis=1)
tiles = first.T.reshape(4, 8, 8, 8)  # 4 rows of 8 units, each 8 x 8
tiles = np.pad(tiles / np.abs(tiles).max(axis=(2, 3), keepdims=True), ((0, 0), (0, 0), (0, 1), (0, 1)))
grid[1, 2].imshow(tiles.transpose(0, 2, 1, 3).reshape(36, 72), cmap="PuOr", vmin=-1, vmax=1)
grid[1, 2].set(xticks=[], yticks=[], title=f"first-layer weights of 16 units; below: weight decay {DECAY:g}")
options.out.mkdir(parents=True, exist_ok=True)
figure.savefig(options.out / "inside.png", dpi=110)
print("wrote", options.out / "inside.png")
