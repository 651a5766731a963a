"""What each trick brings to an MLP on cats and dogs: every row of the table is trained anew on the same folds.

Look at: the column of differences and its spread over the folds. A trick whose folds disagree about its sign has shown
nothing yet. Change a row of ROWS below, or add one; try --folds 10, --seed 1.

    python examples/cat_vs_dog_tricks.py [--quick] [--out FOLDER] [--data FOLDER] [--folds 5] [--jobs 2] [--rows NAME]

The photographs are looked for as train_cat_vs_dog.py does, and there are drawn faces where there are none. Fold i is
part i of a random order of all pictures (--seed); a network is trained on the others, and what counts is its accuracy
on the fold after the last epoch. No epoch is chosen by the fold, so no row gets luck from it; and the settings of "all
together" were chosen by a handful of trials on the folds of --seed 1, with 2,002 photographs of Kaggle's set.
"""

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits
from train_cat_vs_dog import find_photographs, make_model

import minidl
from minidl import data, nn, optim


@dataclass(frozen=True)
class Setting:
    """One row of the table. Plain is what the defaults say: pixels in [0, 1], Adam at a constant rate."""

    size: int = 64
    hidden: tuple[int, ...] = (512, 128)
    epochs: int = 30
    center: str = ""  # "mean": the mean picture is subtracted; "standard": each channel to mean 0 and variance 1
    optimizer: str = "Adam"
    lr: float = 1e-3
    cosine: bool = False
    l2: float = 0.0
    dropout: float = 0.0
    batch_norm: bool = False
    flip: bool = False
    shift: float = 0.0  # of the side
    wiggle: float = 0.0  # shift, turn and zoom: see Wiggle
    whiten: int = 0  # so many principal components instead of the pixels: see Whiten
    views: bool = False  # predict by the mean logit of the picture, shifted to nine places, and its mirror images


PLAIN = Setting()
TOGETHER = replace(
    PLAIN, center="standard", optimizer="AdamW", l2=0.05, cosine=True, dropout=0.5, batch_norm=True, flip=True,
    shift=1 / 16,
)  # fmt: skip
# Fewer pixels, but wider and longer; pictures that change more, and several looks at each that is to be told.
BEST = replace(TOGETHER, size=32, whiten=300, hidden=(1024, 256), epochs=60, wiggle=0.1, views=True)
ROWS = {
    "plain MLP": PLAIN,
    "+ mean subtraction": replace(PLAIN, center="mean"),
    "+ mean 0, variance 1": replace(PLAIN, center="standard"),
    "+ L2": replace(PLAIN, l2=1e-2),
    "+ dropout": replace(PLAIN, dropout=0.5),
    "+ batch normalisation": replace(PLAIN, batch_norm=True),
    "+ flips": replace(PLAIN, flip=True),
    "+ flips and shifts": replace(PLAIN, flip=True, shift=1 / 16),
    "+ cosine decay": replace(PLAIN, cosine=True),
    "+ AdamW": replace(PLAIN, optimizer="AdamW", l2=0.05),
    "+ half-whitened PCA": replace(PLAIN, whiten=200),
    "all but PCA": TOGETHER,
    "all together": BEST,
    "plain, of its size and time": replace(PLAIN, size=BEST.size, hidden=BEST.hidden, epochs=BEST.epochs),
}


class Wiggle:
    """Each picture shifted, turned, zoomed and stretched a little; uint8 (N, H, W, C) to float32 in [0, 1].

    A transform of one's own is a function of (x, rng). strength: of the side, in radians, of the logarithm of the size.
    """

    def __init__(self, strength):
        self.strength = strength

    def __call__(self, x, rng):
        x = data.ToFloat()(x)
        n, h, w, c = x.shape
        drawn = rng.uniform(-self.strength, self.strength, (5, n, 1, 1)).astype(np.float32)
        down, right, turn, zoom, stretch = drawn
        cos, sin = np.cos(turn), np.sin(turn)
        i, j = (np.arange(m, dtype=np.float32) - (m - 1) / 2 for m in (h, w))  # from the middle
        i = i[:, None]
        # Where in the picture each pixel of the new one lies, (n, h, w); beyond its border the picture is mirrored.
        y = (i * cos - j * sin) * np.exp(zoom + stretch / 2) + (down * h + (h - 1) / 2)
        z = (i * sin + j * cos) * np.exp(zoom - stretch / 2) + (right * w + (w - 1) / 2)
        y, z = (np.clip(m - np.abs(m - np.abs(a)), 0, m - 1e-3) for a, m in ((y, h - 1), (z, w - 1)))
        top, left = y.astype(np.int32), z.astype(np.int32)
        y, z = (y - top)[..., None], (z - left)[..., None]
        first = np.arange(n)[:, None, None] * h * w + top * w + left  # of the four pixels around, in the flat array
        a, b, d, e = (x.reshape(-1, c).take(first + step, axis=0) for step in (0, 1, w, w + 1))
        return (1 - y) * ((1 - z) * a + z * b) + y * ((1 - z) * d + z * e)


class Whiten:
    """Each picture as k numbers: its coordinates along the k directions in which pictures differ most, their PCA.

    Light and shadow over the whole picture differ a thousand times as much as an ear or an eye does, and a network that
    gets pixels learns the large things first. Divided by their standard deviations all coordinates would count alike
    (whitening), noise too; divided by the square roots of these they meet half-way, and so it is done here.
    """

    def __init__(self, x, k):
        x = data.ToFloat()(np.concatenate([x, x[:, :, ::-1]])).reshape(2 * len(x), -1)  # and the mirror images
        pca = PCA(min(k, len(x) - 1, x.shape[1]), svd_solver="randomized", random_state=0).fit(x)
        std = np.sqrt(pca.explained_variance_)
        self.mean, self.matrix = pca.mean_, pca.components_.T / np.sqrt(std * std.mean())  # mean variance 1

    def __call__(self, x, rng=None):
        return (data.ToFloat()(x).reshape(len(x), -1) - self.mean) @ self.matrix


def find_pictures(folder, size):
    """x uint8 (N, size, size, 3), memory-mapped where they are photographs; y, their classes; their name; a report."""
    splits = find_photographs(folder, size, seed=0)
    if splits is not None:
        images = splits.train.dataset  # all of them, in the folder's order
        return images.x, images.y, splits.name, images.report()
    report = "1,000 drawn faces, for want of photographs: give a folder with --data"
    return *data.make_cat_dog_faces(1000, size), "drawn faces", report


def normalization(setting, images, training):
    """What makes pixels the network's numbers, measured on the positions `training`."""
    if setting.whiten:
        return Whiten(images[np.sort(training[:4000])][0], setting.whiten)
    if not setting.center:
        return data.Normalize(0)
    per, scale = {"mean": ("pixel", False), "standard": ("channel", True)}[setting.center]
    return data.Normalize.of(data.Subset(images, np.sort(training)), per, scale)


def accuracy(setting, x, y, training, fold, seed):
    """Train on the positions `training`, and return the share of right answers on the positions `fold`."""
    with threadpool_limits(1):  # the same bits with any --jobs
        images = data.ArrayDataset(x, y)
        normalize = normalization(setting, images, training)
        features = normalize.matrix.shape[1] if setting.whiten else setting.size**2 * 3
        augment = [data.RandomFlip()] if setting.flip else []
        if setting.wiggle:
            augment.append(Wiggle(setting.wiggle))
        elif setting.shift:
            augment.append(data.RandomCrop(round(setting.shift * setting.size), mode="edge"))
        loader = data.DataLoader(
            data.Subset(images, training), min(64, len(training)), shuffle=True, drop_last=True, seed=seed,
            transform=data.Compose([*augment, normalize]),
        )  # fmt: skip
        model = make_model(features, setting.hidden, setting.batch_norm, setting.dropout, rng=seed)
        rate = setting.lr
        if setting.cosine:
            rate = optim.schedules.Cosine(rate, steps=setting.epochs * len(loader))
        rule = optim.get(setting.optimizer)(model.parameters(), lr=rate, weight_decay=setting.l2)
        minidl.fit(model, loader, rule, nn.BCEWithLogitsLoss(), setting.epochs, progress=False)
        model.eval()
        right = 0
        with minidl.no_grad():
            for pixels, labels in data.DataLoader(data.Subset(images, fold), 256):
                seen = views(pixels, round(setting.shift * setting.size)) if setting.views else [pixels]
                logits = sum(model(normalize(view)).data for view in seen)
                right += int(((logits > 0) == labels).sum())
    return right / len(fold)


def views(x, p):
    """The pictures x (N, H, W, C) and their mirror images, each shifted by -p, 0 and p pixels down and right."""
    h, w = x.shape[1:3]
    padded = np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)), "edge")
    for down in (0, p, 2 * p):
        for right in (0, p, 2 * p):
            view = padded[:, down : down + h, right : right + w]
            yield from (view, view[:, :, ::-1])


def table(results):
    """The results, accuracies per fold by row, in Markdown; the differences are to the first row, fold by fold."""
    first = np.array(next(iter(results.values())))
    lines = ["| | mean % | against the first row | of folds better | fold by fold % |", "|---|---|---|---|---|"]
    for name, found in results.items():
        better = np.array(found) - first
        spread = f" ± {100 * better.std(ddof=1) / len(better) ** 0.5:.1f}" if len(better) > 1 else ""
        against = ["", ""] if found is next(iter(results.values())) else [
            f"{100 * better.mean():+.1f}{spread}", f"{(better > 0).sum()} of {len(better)}"
        ]  # fmt: skip
        cells = [name, f"{100 * np.mean(found):.1f}", *against, " ".join(f"{100 * a:.1f}" for a in found)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draw(results, guess, title, path):
    figure = Figure(figsize=(8, 1.5 + 0.4 * len(results)), layout="constrained")
    figure.suptitle(title, wrap=True)
    axes = figure.subplots()
    for i, found in enumerate(results.values()):
        each = axes.plot([100 * a for a in found], [i] * len(found), "o", color="tab:blue", alpha=0.4, markersize=4)
        mean = axes.plot(100 * np.mean(found), i, "|", color="black", markersize=14, markeredgewidth=2)
    line = axes.axvline(100 * guess, color="grey", linestyle="--", zorder=1)
    axes.set_yticks(range(len(results)), results)
    axes.invert_yaxis()
    axes.set(xlabel="accuracy, %")
    axes.grid(axis="x", alpha=0.3)
    names = ["on one fold", "mean of the folds", f"guessing: {guess:.1%}"]
    figure.legend([*each, *mean, line], names, loc="outside lower center", ncols=3)
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--quick", action="store_true", help="two folds (unless --folds), one epoch, 200 pictures of 32 pixels")
    add("--out", type=Path, default=Path("results/cat_vs_dog_tricks"), help="folder for table and figure")
    add("--data", type=Path, metavar="FOLDER", help="photographs of your own, of two classes")
    add("--folds", type=int, help="2 or more (default: 5)")
    add("--seed", type=int, default=0, help="of the order from which the folds are cut")
    add("--jobs", type=int, default=1, help="networks to train at the same time")
    add("--rows", nargs="+", metavar="NAME", default=list(ROWS), help="only these, the first to compare with")
    options = parser.parse_args()
    if options.out.is_file():
        parser.error(f"--out {options.out} is a file; expected a folder, which is made where there is none")
    unknown = [name for name in options.rows if name not in ROWS]
    if unknown:
        parser.error(f"unknown row {unknown[0]!r}; there are: {', '.join(map(repr, ROWS))}")
    for name, least in (("folds", 2), ("seed", 0), ("jobs", 1)):
        if (number := getattr(options, name)) is not None and number < least:
            parser.error(f"--{name} {number}: expected {least} or more")
    rows = {name: ROWS[name] for name in options.rows}
    folds = options.folds or (2 if options.quick else 5)
    if options.quick:
        rows = {name: replace(s, size=32, epochs=1, hidden=(32,)) for name, s in rows.items()}
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        pictures = {size: find_pictures(options.data, size) for size in {s.size for s in rows.values()}}
        if (classes := 1 + max(y.max() for _, y, *_ in pictures.values())) != 2:
            raise ValueError(f"one sigmoid unit tells two classes apart, here are {classes}")
        _, y, name, report = next(iter(pictures.values()))
        order = np.random.default_rng(options.seed).permutation(len(y))[: 200 if options.quick else None]
        if folds > len(order):
            raise ValueError(f"--folds {folds}: expected at most one for each picture, here are {len(order)}")
    except (OSError, ValueError, ImportError) as error:
        print(f"cat_vs_dog_tricks: {error}", file=sys.stderr)
        return 2
    print(report)
    parts = np.array_split(order, folds)

    jobs = [
        delayed(accuracy)(setting, *pictures[setting.size][:2], np.concatenate(parts[:i] + parts[i + 1 :]), parts[i], i)
        for setting in rows.values()
        for i in range(folds)
    ]
    results = {}
    found = Parallel(n_jobs=options.jobs, return_as="generator")(jobs)
    for row in rows:
        results[row] = [next(found) for _ in range(folds)]
        print(f"{row}: {np.mean(results[row]):.1%}", flush=True)
    text = table(results)
    print("\n" + text + "\n")
    (options.out / "table.md").write_text(text + "\n")
    guess = max(y[order].mean(), 1 - y[order].mean())
    draw(results, guess, f"{name}: {len(order):,} pictures in {folds} folds", options.out / "tricks.png")
    print(f"wrote {options.out / 'table.md'} and {options.out / 'tricks.png'}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
