"""How to initialise W: zeros, 0.01, Glorot, He (lesson N17).

Look at: the table, one column a layer. With 0.01 the activations of a ReLU network shrink in every layer, and so does
what flows back: the gradients, products of the two, are 1e-12 everywhere, and nothing is learnt. Glorot's variance,
made for tanh, loses a factor of about sqrt(2) a layer with ReLU, which zeroes half of its inputs; He's keeps the size.
Zeros never start: all units of a layer are equal, and all their gradients are 0. Change DEPTH, or ACTIVATION to
nn.Tanh.

    python examples/cs231n/16_initialisation.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

import minidl
from minidl import data, nn, optim
from minidl.lab import folder
from minidl.lab.landscape_figures import COLOURS

DEPTH, WIDTH, RATE, ACTIVATION = 8, 100, 0.03, nn.ReLU
INITS = {"zeros": "zeros", "0.01 normal": lambda shape, rng: 0.01 * rng.normal(size=shape), "Glorot": "glorot",
         "He": "he"}  # fmt: skip

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="3 epochs instead of 20")
parser.add_argument("--out", type=folder, default="results/cs231n/16_initialisation", help="for the figure")
options = parser.parse_args()
epochs = 3 if options.quick else 20

splits = data.load("digits")
(train,) = data.standardize(splits.train)
loss_function = nn.CrossEntropyLoss()


def look_inside(model):
    """Standard deviation of every layer's activations, and of the gradient of every layer's weights."""
    h, spreads, dense = train.x, [], [layer for layer in model.layers if isinstance(layer, nn.Dense)]
    for layer in model.layers[:-1]:
        h = layer(h)
        if isinstance(layer, ACTIVATION):
            spreads.append(float(h.data.std()))
    loss_function(model.layers[-1](h), train.y).backward()
    gradients = [float(layer.weight.grad.data.std()) for layer in dense]
    return spreads, gradients


figure = Figure(figsize=(12.5, 4), layout="constrained")
forward, backward, curve = figure.subplots(1, 3)
print("layer        " + "".join(f"{k:10}" for k in range(1, DEPTH + 2)))
for i, (name, init) in enumerate(INITS.items()):
    rng, layers = np.random.default_rng(0), []
    for k in range(DEPTH):
        layers += [nn.Dense(WIDTH if k else 64, WIDTH, init=init, rng=rng), ACTIVATION()]
    model = nn.Sequential(*layers, nn.Dense(WIDTH, 10, init=init, rng=rng))
    spreads, gradients = look_inside(model)
    print(f"{name}\n  activations" + "".join(f"{v:10.1e}" for v in spreads))
    print("  gradients  " + "".join(f"{v:10.1e}" for v in gradients))
    loader = data.DataLoader(train, 32, shuffle=True, seed=0)
    history = minidl.fit(model, loader, optim.SGD(model.parameters(), lr=RATE), loss_function, epochs)
    print(f"  training loss after {len(history)} epochs: {history['train_loss'][-1]:.4f}")
    look = {"color": COLOURS[i], "marker": "osD^"[i], "markersize": 4, "label": name}
    forward.semilogy(range(1, DEPTH + 1), np.maximum(spreads, 1e-16), **look)
    backward.semilogy(range(1, DEPTH + 2), np.maximum(gradients, 1e-16), **look)
    curve.plot(range(1, len(history) + 1), history["train_loss"], **look)
forward.set(xlabel="layer", ylabel="standard deviation", title="activations, before training", ylim=(1e-17, 10))
backward.set(xlabel="layer", ylabel="standard deviation", title="gradients of the weights", ylim=(1e-17, 10))
curve.set(xlabel="epoch", ylabel="training loss", title=f"SGD, rate {RATE:g}")
curve.axhline(np.log(10), color="0.6", linestyle=":")
curve.annotate("log 10: guessing", (epochs, np.log(10)), (0, -14), textcoords="offset points", fontsize=8, ha="right")
for axes in (forward, backward):
    axes.set_xticks(range(1, DEPTH + 2))
forward.legend(title="0 is drawn at 1e-16", fontsize=9)
figure.savefig(options.out / "initialisation.png", dpi=110)
print("wrote", options.out / "initialisation.png")
