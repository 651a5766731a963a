"""All optimizers on one net: loss against steps, epochs and seconds, each at its own best rate (item 25).

Look at: every rule starts from the same weights, sees the same batches and gets the same number of rates to try. The
last panel is why: at any one rate some rules are good and others fail, so a comparison at one rate says nothing. Where
a step of one rule costs more, seconds are another order than steps; seconds of a busy machine are worth little.
Change the dataset, `--dataset mnist` or `cats_and_dogs` (`minidl datasets` fetches them), or the list of optimizers.
The full report with more seeds: minidl compare.

    python examples/d2l/16_all_optimizers.py [--quick] [--out FOLDER] [--dataset digits]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

from minidl import lab, optim
from minidl.lab.landscape_figures import look

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="three optimizers, two rates, one epoch")
parser.add_argument("--out", type=lab.folder, default="results/d2l/16_all_optimizers", help="folder for the figure")
parser.add_argument("--dataset", default="digits", help="any that `minidl compare` takes")
options = parser.parse_args()
try:
    lab.Problem.default(options.dataset).check()
except (ValueError, OSError) as error:  # an unknown name, or data that are not here
    parser.error(str(error))

if options.quick:
    comparison = lab.compare(
        options.dataset, ["SGD", "Momentum", "Adam"], epochs=1, seeds=1, lr_grid=[0.01, 0.1], jobs=1, progress=False
    )
else:
    comparison = lab.compare(options.dataset, optim.names(), epochs=6, seeds=2, progress=False)
comparison.assert_same_start()
print(comparison)

figure = Figure(figsize=(12.5, 8), layout="constrained")
panels = figure.subplots(2, 2)
sweep = panels[1, 1]
measure = f"validation_{comparison.metric}"
print(f"\n{measure} by rate (* the chosen one; nan where a run diverged)")
for name, trials in comparison.trials.items():
    i = optim.names().index(name)
    run = comparison.finals[name][0]
    steps = np.convolve(run["step_losses"], np.ones(10) / 10, mode="valid")
    panels[0, 0].plot(np.arange(10, 10 + len(steps)), steps, **look(i), markevery=(4 * i, 40), markersize=5)
    rows = run["evaluations"]
    for axes, column in ((panels[0, 1], "epoch"), (panels[1, 0], "train_seconds")):
        axes.plot([r[column] for r in rows], [r["train_loss"] for r in rows], **look(i), markersize=5,
                  label=f"{name}, rate {run['lr']:g}")  # fmt: skip

    ends = {t["lr"]: np.nan if t["diverged"] else t[measure] for t in sorted(trials, key=lambda t: t["lr"])}
    print(f"{name:9}", *(f"{lr:g}: {x:.3g}{'*' * (lr == run['lr'])}  " for lr, x in ends.items()))
    sweep.plot(ends.keys(), ends.values(), **look(i), markersize=4)
    star = {"marker": "*", "markersize": 15, "markeredgecolor": "black", "zorder": 5}
    sweep.plot(run["lr"], ends[run["lr"]], **look(i) | star)
for axes, xlabel, ylabel, title in (
    (panels[0, 0], "step", "loss of the batch, mean of 10", "Against steps"),
    (panels[0, 1], "epoch", "training loss", "Against epochs"),
    (panels[1, 0], "seconds of training", "training loss", "Against seconds"),
    (sweep, "rate", measure.replace("_", " ") + " at the end", "Every rule has its own best rate"),
):
    axes.set(xlabel=xlabel, ylabel=ylabel, title=f"{title} ({options.dataset})")
    axes.set_yscale("linear" if axes is sweep else "log")
sweep.set_xscale("log")
panels[0, 1].legend(fontsize=8)
figure.savefig(options.out / "all_optimizers.png", dpi=120)
print("figure", options.out / "all_optimizers.png")
