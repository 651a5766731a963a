"""Cats and dogs with an MLP 12288-512-128-1: from a folder of photographs to a classifier for your own photograph.

Look at: the training curve goes on rising when the validation curve has long stopped. Change that: switch the tricks
on, one at a time (--subtract-mean, --l2 0.05, --dropout 0.5, --batch-norm, --augment, --cosine), then --all-tricks.
Try --layers 1, which is logistic regression as a network, then 2 and 5; another --optimizer; --size 32 or 128.

    python examples/train_cat_vs_dog.py [--quick] [--out FOLDER] [--data FOLDER] [--optimizer adamw] [--epochs 30] ...
    python examples/train_cat_vs_dog.py --predict PHOTO ... [--weights FILE]

--data takes photographs as cat.0.jpg, dog.0.jpg, ... in one folder, or in a folder per class; any two classes do.
Without it they are looked for in the folder that MINIDL_DATA names, in datasets/ and where `minidl datasets get
cats_and_dogs` puts them (it fetches 800 MB, which this script never does); else the network sees drawn faces. Ctrl-C
ends training and keeps what was learned so far. The pictures written to --out may show your photographs.
"""

import argparse
import inspect
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.special import entr, expit
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

import minidl
from minidl import data, nn, optim
from minidl.data.decode import Unreadable, decode
from minidl.data.files import find_folder
from minidl.nn.module import read_safetensors, write_safetensors

HIDDEN = {1: (), 2: (128,), 3: (512, 128), 5: (512, 256, 128, 64)}  # widths of the hidden layers, by --layers
BATCH = 64
SLOW = ("LBFGS", "Muon", "Shampoo", "SOAP")  # rules that compute much more than a gradient per step
FORMAT = "cat_vs_dog"  # the entry of the weight file that says how the network was built


# -- the network


class OneLogit(nn.Module):
    """(N, 1) to (N,): the unit's value for each picture, in the shape of the labels."""

    def forward(self, x):
        return x.reshape(-1)


def make_model(features, hidden, batch_norm=False, dropout=0.0, rng=0):
    """An MLP on so many numbers per picture; its logit is positive for class 1, and its sigmoid that probability."""
    rng = np.random.default_rng(rng)
    layers = [nn.Flatten()]
    for width in hidden:
        layers.append(nn.Dense(features, width, rng=rng))
        if batch_norm:
            layers.append(nn.BatchNorm1d(width))
        layers.append(nn.ReLU())
        if dropout:
            layers.append(nn.Dropout(dropout, rng=rng))
        features = width
    return nn.Sequential(*layers, nn.Dense(features, 1, rng=rng), OneLogit())


def make_optimizer(options, model, steps):
    """(optimizer, what it is): any rule. One that wraps another wraps AdamW; Muon leaves to it what is no matrix."""
    cls, wrapper = optim.get(options.optimizer), None
    if "base" in inspect.signature(cls).parameters:
        cls, wrapper = optim.AdamW, cls
    known, lr = inspect.signature(cls).parameters, options.lr
    if lr is None:
        lr = known["lr"].default if isinstance(known["lr"].default, float) else 0.01
    if options.l2 is not None and "weight_decay" not in known:
        raise ValueError(f"--l2: {cls.__name__} has no weight_decay; leave it out, or take another --optimizer")
    settings = {} if options.l2 is None else {"weight_decay": options.l2}
    settings["lr"] = optim.schedules.Cosine(lr, steps=max(1, steps)) if options.cosine else lr
    if issubclass(cls, optim.Muon):
        matrices, rest = optim.muon_groups(model)
        adamw = optim.AdamW(rest, **settings)

        class Both(cls):
            def step(self, closure=None):
                super().step()
                adamw.step()
                adamw.zero_grad()

        return Both(matrices, adjust_lr_fn="match_rms_adamw", **settings), f"{cls.__name__} beside AdamW"
    rule = cls(model.parameters(), **settings)
    return (wrapper(rule), f"{wrapper.__name__} around AdamW") if wrapper else (rule, cls.__name__)


# -- the pictures


def find_photographs(folder, size, seed):
    """Train, validation and test parts, 60/20/20 %, of a folder, or of the set on this machine; None without either."""
    if folder is None:
        for name in ("cats_and_dogs", "cats_and_dogs_filtered"):
            if find_folder(data.DATASETS[name]):
                return data.load(name, size=size, seed=seed, download=False)
        return None
    images = data.ImageFolder(folder, size)
    if len(images) < 10:
        raise ValueError(f"{folder} has {len(images)} pictures that can be read; expected 10 or more")
    return data.DataSplits.of_images(images, f"{folder}", f"Photographs in {folder}.", seed)


def find_pictures(options):
    """Photographs, of which only those of a batch are ever in memory; drawn faces where there are none."""
    splits = find_photographs(options.data, options.size, options.seed)
    if splits is not None:
        print(splits.train.dataset.report())
        return splits
    print("There are no photographs here, so these are drawn faces, and a network that learns them knows no photograph."
          "\nGive a folder with --data, or fetch 25,000 photographs: minidl datasets get cats_and_dogs\n")  # fmt: skip
    return data.load("cat_dog_faces", n=300 if options.quick else 2000, size=options.size, seed=options.seed)


# -- training and its record


def train(options):
    """Everything from the pictures to the files in --out; returns the exit code."""
    if options.all_tricks:
        options.subtract_mean = options.batch_norm = options.augment = options.cosine = True
        options.dropout = options.dropout or 0.5
        options.l2 = 0.05 if options.l2 is None else options.l2
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=options.out):  # a folder that cannot be written to is told before training
        pass
    splits = find_pictures(options)
    if len(splits.classes) != 2:
        raise ValueError(f"one sigmoid unit tells two classes apart, here are {len(splits.classes)}: "
                         f"{', '.join(splits.classes)}")  # fmt: skip
    training = splits.train
    if options.quick and len(training) > 600:
        training = data.Subset(training.dataset, training.positions[:600])
    epochs = options.epochs or (2 if options.quick else 30)

    normalize = data.Normalize.of(training, "pixel", scale=False) if options.subtract_mean else data.Normalize(0)
    augment = [data.RandomFlip(), data.RandomCrop(options.size // 16, mode="edge")] if options.augment else []
    # The last, short batch of an epoch is left out: batch normalisation cannot work on a single picture.
    loader = data.DataLoader(
        training, min(BATCH, len(training)), shuffle=True, drop_last=True, seed=options.seed,
        transform=data.Compose([*augment, normalize]), prefetch=2,
    )  # fmt: skip
    validation = data.DataLoader(splits.validation, BATCH, transform=normalize, prefetch=2)

    network = {"features": options.size**2 * 3, "hidden": HIDDEN[options.layers], "batch_norm": options.batch_norm,
               "dropout": options.dropout}  # fmt: skip
    model = make_model(**network, rng=options.seed)
    rule, called = make_optimizer(options, model, epochs * len(loader))
    widths = [network["features"], *network["hidden"], 1]
    print(f"{splits.name}: {len(training):,} pictures to train on, {len(splits.validation):,} to validate, "
          f"{len(splits.test):,} to test; MLP {'-'.join(map(str, widths))}, {called}")  # fmt: skip
    if called.startswith(SLOW):
        print("Each of its steps takes seconds or minutes here; --size 32 --layers 2 is quicker, Ctrl-C ends it.")

    def report(run):
        row = run.history.epochs[-1]
        parts = (f"{part} loss {row[f'{part}_loss']:<6.4g}  accuracy {row[f'{part}_accuracy']:6.2%}"
                 for part in ("train", "validation"))  # fmt: skip
        print(f"epoch {len(run.history):3}", *parts, f"{row['seconds']:.1f} s", sep="  ")

    loss = nn.BCEWithLogitsLoss()
    history = minidl.fit(model, loader, rule, loss, epochs, validation=validation, callbacks=[report])
    if history.stopped:
        print(history.stopped)
    if history.stopped.startswith("diverged"):
        print("train_cat_vs_dog: nothing was saved; try a smaller --lr", file=sys.stderr)
        return 1
    if hasattr(rule, "eval"):
        rule.eval()  # Schedule-Free rules train at one point and predict at another

    names = "weights.safetensors", "training.png", "mistakes.png"
    weights, training_png, mistakes_png = (options.out / name for name in names)
    about = {**network, "size": options.size, "classes": splits.classes, "trained_on": splits.name}
    state = model.state_dict() | {"normalize.mean": normalize.mean, "normalize.std": normalize.std}
    write_safetensors(weights, state, {FORMAT: json.dumps(about)})
    logits = predict(model, splits.test, normalize)
    right = (logits > 0) == splits.test.y
    guess = max(splits.test.y.mean(), 1 - splits.test.y.mean())
    result = f"test accuracy on {splits.name} after the last epoch: {right.mean():.2%}"
    print(f"{result} (guessing: {guess:.2%})")
    if right.mean() < guess + 0.1 and not options.all_tricks:
        print(f"That is little better than guessing; try --all-tricks{', without --quick' * options.quick}.")
    draw_training(history, splits.test.y, logits, splits.classes, f"{called}: {result}", training_png)
    draw_mistakes(splits.test, logits, right, splits.classes, mistakes_png)
    print(f"wrote {weights}, {training_png} and {mistakes_png}")
    return 0


def predict(model, part, normalize):
    """The logit of every picture, (N,)."""
    model.eval()
    with minidl.no_grad():
        return np.concatenate([model(x).data for x, _ in data.DataLoader(part, BATCH, transform=normalize)])


def draw_training(history, y, logits, classes, title, path):
    """Loss and accuracy over the epochs, and beside them which class was taken for which."""
    figure = Figure(figsize=(13, 4.4), layout="constrained")
    figure.suptitle(title, wrap=True)
    *curves, matrix = figure.subplots(1, 3)
    epochs, shares = range(1, len(history) + 1), np.bincount(y, minlength=2) / len(y)
    # To guess is to say of every picture how frequent the classes are.
    for axes, what, guess in zip(curves, ("loss", "accuracy"), (entr(shares).sum(), shares.max()), strict=True):
        axes.plot(epochs, history[f"train_{what}"], marker="o", markersize=3, label="training (before each step)")
        axes.plot(epochs, history[f"validation_{what}"], marker="o", markersize=3, label="validation")
        axes.axhline(guess, color="grey", linestyle="--", label="guessing")
        axes.set(xlabel="epoch", ylabel="cross-entropy" if what == "loss" else what, ylim=(0, None))
        axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(ylim=(0, 1), yticks=np.linspace(0, 1, 11))
    axes.yaxis.set_major_formatter("{x:.0%}")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    counts = confusion_matrix(y, logits > 0, labels=[0, 1])
    for name, row in zip(classes, counts, strict=True):
        print(f"    {row.sum()} {name}: " + ", ".join(f"{n} taken for {c}" for n, c in zip(row, classes, strict=True)))
    ConfusionMatrixDisplay(counts, display_labels=classes).plot(ax=matrix, colorbar=False, cmap="Blues")
    matrix.set(xlabel="predicted", ylabel="label", title="test pictures")
    figure.savefig(path, dpi=120)


def draw_mistakes(part, logits, right, classes, path):
    """The wrong answers that the network was most sure of: noise in the labels, or what it has not understood."""
    wrong = np.flatnonzero(~right)
    wrong = wrong[np.argsort(-np.abs(logits[wrong]), kind="stable")][:12]
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    for i, axes in enumerate(figure.subplots(2, 6).flat):
        axes.axis("off")
        if i < len(wrong):
            p = expit(logits[wrong[i]])
            x, y = part[int(wrong[i])]
            axes.imshow(x)
            axes.set_title(f"{classes[int(p > 0.5)]} {max(p, 1 - p):.1%}\nlabelled {classes[int(y)]}", fontsize=8)
    figure.savefig(path, dpi=120)


# -- your own photograph


def load_model(weights):
    """(model, normalisation, what the file says about itself); ValueError where another program wrote it."""
    arrays, metadata = read_safetensors(weights)
    if FORMAT not in metadata:
        raise ValueError(f"{weights} holds the weights of another model; expected a file that this script wrote")
    about = json.loads(metadata[FORMAT])
    model = make_model(about["features"], about["hidden"], about["batch_norm"], about["dropout"])
    normalize = data.Normalize(arrays.pop("normalize.mean"), arrays.pop("normalize.std"))
    model.load_state_dict(arrays)
    return model, normalize, about


def predict_photographs(photographs, weights):
    """Print the class of each file, and how sure the network is; returns 2 where one could not be read."""
    model, normalize, about = load_model(weights)
    if about["trained_on"] == "cat_dog_faces":
        print("(this network was trained on drawn faces: of a photograph it knows little)")
    code = 0
    for path in photographs:
        try:
            x = decode(path, about["size"])
        except (OSError, Unreadable) as error:
            print(f"train_cat_vs_dog: {path}: {getattr(error, 'strerror', None) or error}", file=sys.stderr)
            code = 2
            continue
        p = expit(predict(model, (x[None], np.zeros(1)), normalize)[0])  # how sure it is of class 1
        print(f"{path}: {about['classes'][int(p > 0.5)]}, {max(p, 1 - p):.1%}")
    return code


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--quick", action="store_true", help="two epochs (unless --epochs) on 600 pictures at most")
    add("--out", type=Path, default=Path("results/train_cat_vs_dog"), help="folder for weights and figures")
    add("--data", type=Path, metavar="FOLDER", help="photographs of your own, of two classes")
    add("--size", type=int, choices=(32, 64, 128), default=64, help="pixels of a side (default: 64)")
    add("--layers", type=int, choices=HIDDEN, default=3, help="1 is logistic regression (default: 3)")
    add("--optimizer", default="adamw", help="any of minidl.optim, by name (default: adamw)")
    add("--lr", type=float, help="the rate (default: the optimizer's own)")
    add("--epochs", type=int, help="passes over the training part (default: 30)")
    add("--seed", type=int, default=0, help="of the split, the first weights and the order of the batches")
    add("--subtract-mean", action="store_true", help="subtract the mean picture of the training part")
    add("--l2", type=float, metavar="STRENGTH", help="weight_decay of the optimizer (default: its own)")
    add("--dropout", type=float, default=0.0, metavar="P", help="after each hidden layer, such as 0.5")
    add("--batch-norm", action="store_true", help="batch normalisation in each hidden layer")
    add("--augment", action="store_true", help="mirror and shift the training pictures at random")
    add("--cosine", action="store_true", help="let the rate fall along a cosine to 0")
    add("--all-tricks", action="store_true", help="all of these: --l2 0.05 --dropout 0.5 and the switches")
    add("--predict", type=Path, nargs="+", metavar="PHOTO", help="train nothing: say what these photographs show")
    add("--weights", type=Path, metavar="FILE", help="of --predict (default: weights.safetensors in --out)")
    options = parser.parse_args(arguments)
    for name, least in (("epochs", 1), ("seed", 0)):
        if (number := getattr(options, name)) is not None and number < least:
            parser.error(f"--{name} {number}: expected {least} or more")
    if options.out.is_file():
        parser.error(f"--out {options.out} is a file; expected a folder, which is made where there is none")
    try:
        if options.predict:
            weights = options.weights or options.out / "weights.safetensors"
            if not weights.is_file():
                raise ValueError(f"there is no weight file {weights}; train first, or name one with --weights")
            return predict_photographs(options.predict, weights)
        return train(options)
    except (OSError, ValueError, ImportError) as error:
        print(f"train_cat_vs_dog: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
