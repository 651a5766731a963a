"""MNIST with an MLP 784-256-128-10: 98 % test accuracy or more, in well under a minute on two cores.

Look at: the rate falls from epoch to epoch, and the validation accuracy stops jumping. Try `--optimizer sgd --lr 0.1`,
another decay, `--seed 1`. The files are looked for in the folder that MINIDL_DATA names and in datasets/, else
downloaded (11 MB); where that fails, and with --quick where they are not there, the built-in digits are used instead.

    python examples/train_mnist.py [--quick] [--out FOLDER] [--optimizer adam] [--lr 0.002] [--epochs 15] [--seed 0]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

import minidl
from minidl import data, nn, optim
from minidl.lab import folder

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="one epoch on 5,000 images, whatever --epochs says")
parser.add_argument("--out", type=folder, default="results/train_mnist", help="folder for figure and weights")
parser.add_argument("--optimizer", default="adam", help=f"one of {', '.join(optim.names())}")
parser.add_argument("--lr", type=float, default=2e-3, help="rate of the first epoch")
parser.add_argument("--epochs", type=int, default=15)
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()

try:
    splits = data.load("mnist", download=not options.quick)
except OSError as error:
    print(f"{error}\nMNIST is not here: training on the built-in digits (8 x 8 pixels) instead.\n")
    splits = data.load("digits")
train, validation, test = splits.train, splits.validation, splits.test
if options.quick:
    train = data.ArrayDataset(train.x[:5000], train.y[:5000])
mean, std = train.x.mean(), train.x.std()  # one number each: all pixels have the same scale
train, validation, test = (data.ArrayDataset((d.x - mean) / std, d.y) for d in (train, validation, test))

loader = data.DataLoader(train, batch_size=128, shuffle=True, seed=options.seed)
rng = np.random.default_rng(options.seed)
model = nn.Sequential(
    nn.Dense(train.x.shape[1], 256, rng=rng), nn.ReLU(),
    nn.Dropout(0.2, rng=rng),
    nn.Dense(256, 128, rng=rng), nn.ReLU(),
    nn.Dense(128, 10, rng=rng),
)  # fmt: skip
rate = optim.schedules.Exponential(options.lr, decay=0.8, steps_per_epoch=len(loader), staircase=True)
optimizer = optim.get(options.optimizer)(model.parameters(), lr=rate)


def report(run):
    row = run.history.epochs[-1]
    print(
        f"epoch {len(run.history):2}  rate {row['lr']:.2g}  train loss {row['train_loss']:.4f}  "
        f"validation accuracy {row['validation_accuracy']:.2%}  {row['seconds']:.1f} s"
    )


history = minidl.fit(
    model, loader, optimizer, nn.CrossEntropyLoss(), 1 if options.quick else options.epochs,
    validation=data.DataLoader(validation, 1000), callbacks=[report],
)  # fmt: skip
result = minidl.train.evaluate(model, data.DataLoader(test, 1000), nn.CrossEntropyLoss())
print(f"test accuracy on {splits.name} after the last epoch: {result['accuracy']:.2%}")

model.save(options.out / "weights.safetensors")
figure = Figure(figsize=(9, 3.6), layout="constrained")
left, right = figure.subplots(1, 2)
epochs = range(1, len(history) + 1)
left.plot(epochs, history["train_loss"], marker="o", markersize=3, label="training (with dropout)")
left.plot(epochs, history["validation_loss"], marker="o", markersize=3, label="validation")
left.set(xlabel="epoch", ylabel="cross-entropy", yscale="log", title="Loss")
left.legend()
right.plot(epochs, history["validation_accuracy"], marker="o", markersize=3)
right.set(xlabel="epoch", ylabel="accuracy", title="Validation accuracy")
for axes in (left, right):
    axes.xaxis.get_major_locator().set_params(integer=True)
figure.savefig(options.out / "training.png", dpi=120)
print(f"wrote {options.out / 'weights.safetensors'} and {options.out / 'training.png'}")
