"""Cats and dogs under gradient descent, Momentum, RMSprop and Adam: loss and accuracy side by side.                N6

Look at: the same first weights and the same batches; each rule is tried at five rates and drawn at the one with the
lowest training loss in the end. Read a column of the table, too: one rate for all would be a comparison of rates.
Change HIDDEN, BATCH, RATES, or give photographs.

    python examples/c2w2/13_cat_vs_dog.py [--quick] [--out FOLDER] [--data FOLDER]

--data takes photographs as cat.0.jpg, dog.0.jpg, ... or in a folder per class. Without it they are looked for where
`minidl datasets get cats_and_dogs` puts them; else the network sees drawn faces. More: examples/train_cat_vs_dog.py.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

import minidl
from minidl import data, nn, optim
from minidl.data.files import find_folder
from minidl.lab import folder

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="fewer pictures, rates and epochs")
parser.add_argument("--out", type=folder, default="results/c2w2/13_cat_vs_dog", help="folder for the figure")
parser.add_argument("--data", type=Path, metavar="FOLDER", help="photographs of your own, of two classes")
options = parser.parse_args()

SIZE, HIDDEN, BATCH, EPOCHS = 32, 64, 64, 3 if options.quick else 15
RATES = (0.001, 0.1) if options.quick else (0.0003, 0.001, 0.01, 0.1, 0.3)
RULES = {"gradient descent": (optim.SGD, "#0072B2", "-"), "Momentum": (optim.Momentum, "#D55E00", "--"),
         "RMSprop": (optim.RMSProp, "#56B4E9", "-."), "Adam": (optim.Adam, "#000000", "-")}  # fmt: skip

if options.data:
    try:
        splits = data.DataSplits.of_images(data.ImageFolder(options.data, SIZE), f"{options.data}", "Photographs.")
        if len(splits.classes) != 2:
            raise ValueError(f"expected two classes, found {', '.join(splits.classes)}")
    except (OSError, ValueError, ImportError) as error:
        parser.error(f"argument --data: {error}")
elif find_folder(data.DATASETS["cats_and_dogs"]):
    splits = data.load("cats_and_dogs", size=SIZE, download=False)
else:
    print("no photographs here: these are generated, drawn faces, easier than photographs (or give --data FOLDER)")
    splits = data.load("cat_dog_faces", n=300 if options.quick else 1500, size=SIZE)
most = 200 if options.quick else 2000  # a comparison of twenty runs need not see them all
train, validation = (data.ArrayDataset(*part[np.arange(min(len(part), most))])
                     for part in (splits.train, splits.validation))  # fmt: skip
normalize = data.Normalize.of(train)
print(f"{splits.name}: {len(train)} pictures of {SIZE} x {SIZE} to train on, {len(validation)} to validate")
threadpool_limits(1)  # the matrices are small: two threads would wait for each other


def run(rule, lr):
    """The History of a network with one hidden layer."""
    model = nn.Sequential(nn.Flatten(), nn.Dense(SIZE * SIZE * 3, HIDDEN, rng=0), nn.ReLU(), nn.Dense(HIDDEN, 2, rng=1))
    loader = data.DataLoader(train, BATCH, shuffle=True, seed=0, transform=normalize)
    held_out = data.DataLoader(validation, 500, transform=normalize)
    return minidl.fit(model, loader, rule(model.parameters(), lr=lr), nn.CrossEntropyLoss(), EPOCHS, held_out)


print(f"\ntraining loss in the last of {EPOCHS} epochs, by rate")
print(f"{'':18}", *(f"{rate:>8}" for rate in RATES))
figure = Figure(figsize=(13, 4.2), layout="constrained")
panels = dict(zip(("train_loss", "train_accuracy", "validation_accuracy"), figure.subplots(1, 3), strict=True))
results = []
for name, (rule, colour, line) in RULES.items():
    runs = {lr: run(rule, lr) for lr in RATES}
    ends = {lr: np.inf if h.stopped else h["train_loss"][-1] for lr, h in runs.items()}
    best = min(ends, key=ends.get)
    print(f"{name:18}", *("diverges" if end > 1000 else f"{end:8.4f}" for end in ends.values()))
    results.append(f"{name:18} rate {best:<7} training loss {ends[best]:.4f}, "
                   f"validation accuracy {runs[best]['validation_accuracy'][-1]:.1%}")  # fmt: skip
    for column, axes in panels.items():
        axes.plot(range(1, EPOCHS + 1), runs[best][column], line, color=colour, label=f"{name}, rate {best}")
        axes.set(xlabel="epoch", ylabel=column.replace("_", " "), title=column.replace("_", " "))
print("\nat the best rate of each\n" + "\n".join(results))
for axes in list(panels.values())[1:]:
    axes.axhline(0.5, color="grey", linestyle=":")
    axes.set(ylim=(0.4, 1.02))
panels["train_loss"].set(yscale="log")
panels["train_loss"].legend(fontsize=9)
figure.suptitle(f"{splits.name}, each rule at its best rate (grey: guessing)")
figure.savefig(options.out / "cat_vs_dog.png", dpi=120)
print("figure", options.out / "cat_vs_dog.png")
