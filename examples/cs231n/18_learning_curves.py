"""Reading learning curves: four rates, the wiggle of a batch size, the gap to the validation set (item 13).

Look at: left, a low rate falls evenly and slowly, a high one falls fast and then stays too high, a very high one is
worse than no training, a good one is none of these. Middle, the loss of single mini-batches: the smaller the batch, the
more it wiggles. Right, the same network on 100 images and on all: with few, training accuracy reaches 100 % and
validation stays behind; the gap says how much is learnt by heart. Change RATES, SIZES, FEW.

    python examples/cs231n/18_learning_curves.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

import minidl
from minidl import data, nn, optim
from minidl.lab import folder
from minidl.lab.landscape_figures import COLOURS

RATES = {"low": 0.003, "good": 0.3, "high": 3.0, "very high": 10.0}
SIZES, FEW = (4, 32, 256), 100

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="fewer epochs")
parser.add_argument("--out", type=folder, default="results/cs231n/18_learning_curves", help="for the figure")
options = parser.parse_args()
epochs = 3 if options.quick else 15

splits = data.load("digits")
train, validation = data.standardize(splits.train, splits.validation)


def run(rate, batch_size=8, images=None, epochs=epochs):
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Dense(64, 64, rng=rng), nn.Tanh(), nn.Dense(64, 10, rng=rng))
    loader = data.DataLoader((train.x[:images], train.y[:images]), batch_size, shuffle=True, seed=0)
    optimizer = optim.SGD(model.parameters(), lr=rate)
    return minidl.fit(model, loader, optimizer, nn.CrossEntropyLoss(), epochs,
                      validation=data.DataLoader(validation, 500))  # fmt: skip


figure = Figure(figsize=(13, 4), layout="constrained")
left, middle, right = figure.subplots(1, 3)
for i, (name, rate) in enumerate(RATES.items()):
    losses = run(rate)["train_loss"]
    print(f"rate {rate:<6g} {name:10} training loss after {len(losses)} epochs: {losses[-1]:.4f}")
    left.plot(range(1, len(losses) + 1), losses, color=COLOURS[i], marker="osD^"[i], markersize=3,
              label=f"{name}, {rate:g}")  # fmt: skip
left.set(xlabel="epoch", ylabel="training loss", yscale="log", title="Four rates")
left.axhline(np.log(10), color="0.6", linestyle=":", label="log 10, guessing")
left.legend(fontsize=8, loc="center right", bbox_to_anchor=(1, 0.35))

for i, size in enumerate(SIZES):
    steps = np.array(run(RATES["good"] * size / 64, size, epochs=4).steps)  # as far per image, whatever the batch
    late = steps[len(steps) // 2 :]
    print(f"batch {size:3}: in the last two epochs the loss of a batch is {late.mean():.3f} +- {late.std():.3f}")
    seen = np.arange(1, len(steps) + 1) * size
    middle.plot(seen, steps, color=COLOURS[i], linewidth=0.5 + 0.7 * i, label=f"batch {size}")
middle.set(xlabel="images seen", ylabel="loss of the mini-batch", title="The smaller the batch, the more it wiggles")
middle.legend()

for i, (name, images) in enumerate(((f"{FEW} images", FEW), ("all images", None))):
    history = run(RATES["good"], images=images, epochs=epochs + 5)
    a, b = history["train_accuracy"], history["validation_accuracy"]
    print(f"{name:10} training accuracy {a[-1]:.1%}, validation {b[-1]:.1%}, gap {a[-1] - b[-1]:.1%}")
    right.plot(range(1, len(a) + 1), a, color=COLOURS[i], label=f"{name}, training")
    right.plot(range(1, len(b) + 1), b, "--", color=COLOURS[i], label=f"{name}, validation")
right.set(xlabel="epoch", ylabel="accuracy", title="The gap")
right.legend()
figure.savefig(options.out / "curves.png", dpi=110)
print("wrote", options.out / "curves.png")
