"""Looking inside a network: histograms of activations and gradients, and the first layer as images (item 13).

Look at: the histograms show whether tanh is stuck at -1 and 1 and whether gradients reach the first layer: those of one
layer should not be far narrower than the others'. The images are the 8 x 8 weights of a unit each: noise, the noise
that they started from, where nothing smooths them; smoother patches with weight decay. Change DECAY, the activation,
the initialiser (16_initialisation.py).

    python examples/cs231n/20_looking_inside.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

import minidl
from minidl import data, nn, optim
from minidl.lab import folder
from minidl.lab.landscape_figures import COLOURS

DECAY = 0.03

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="5 epochs instead of 20")
parser.add_argument("--out", type=folder, default="results/cs231n/20_looking_inside", help="for the figure")
options = parser.parse_args()

digits = data.load("digits").train
x, y = (digits.x - digits.x.mean()) / digits.x.std(), digits.y


def network():
    rng = np.random.default_rng(0)
    return nn.Sequential(nn.Dense(64, 64, init="glorot", rng=rng), nn.Tanh(),
                         nn.Dense(64, 64, init="glorot", rng=rng), nn.Tanh(),
                         nn.Dense(64, 10, init="glorot", rng=rng))  # fmt: skip


def trained(decay):
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=decay)
    loader = data.DataLoader((x, y), 32, shuffle=True, seed=0)
    minidl.fit(model, loader, optimizer, nn.CrossEntropyLoss(), 5 if options.quick else 20)
    return model


def histograms(model, when, activations, gradients):
    model.zero_grad()
    nn.CrossEntropyLoss()(model(x), y).backward()
    h = x
    for i, layer in enumerate(model.layers):
        h, number, look = layer(h), i // 2 + 1, {"color": COLOURS[i // 2], "histtype": "step", "density": True}
        if isinstance(layer, nn.Dense):
            gradient = layer.weight.grad.numpy().ravel()
            limit = 0.06 if when == "before" else 0.003
            gradients.hist(gradient, bins=40, range=(-limit, limit), label=f"layer {number}", **look)
            gradients.set_xticks([-limit, 0, limit])
        else:
            values = h.numpy().ravel()
            print(f"{when}: layer {number}, activations: spread {values.std():.2f}, beyond 0.97 "
                  f"{np.mean(np.abs(values) > 0.97):.1%}")  # fmt: skip
            activations.hist(values, bins=60, range=(-1, 1), label=f"layer {number}", **look)
    activations.set(xlabel="tanh activation", ylabel="density", title=f"activations {when} training",
                    xticks=(-1, -0.5, 0, 0.5, 1))  # fmt: skip
    gradients.set(xlabel="gradient of a weight", ylabel="density", yscale="log", title=f"gradients {when} training")
    activations.legend()
    gradients.legend()


def images(model, axes, title):
    """The first layer's weights of 32 units as 4 rows of 8 images."""
    tiles = model.layers[0].weight.numpy()[:, :32].T.reshape(4, 8, 8, 8)
    rough = np.abs(np.diff(tiles, axis=-1)).mean() / np.abs(tiles).mean()
    print(f"{title}: neighbouring weights differ by their mean size times {rough:.2f}")
    tiles = np.pad(tiles / np.abs(tiles).max(axis=(2, 3), keepdims=True), ((0, 0), (0, 0), (0, 1), (0, 1)))
    axes.imshow(tiles.transpose(0, 2, 1, 3).reshape(36, 72), cmap="PuOr", vmin=-1, vmax=1)
    axes.set(xticks=[], yticks=[], title=title)


figure = Figure(figsize=(14, 6.5), layout="constrained")
grid = figure.subplots(2, 3)
plain = trained(0.0)
histograms(network(), "before", *grid[0, :2])
histograms(plain, "after", *grid[1, :2])
images(plain, grid[0, 2], "first layer, no weight decay")
images(trained(DECAY), grid[1, 2], f"first layer, weight decay {DECAY:g}")
figure.savefig(options.out / "inside.png", dpi=110)
print("wrote", options.out / "inside.png")
