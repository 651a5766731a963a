"""Rates that change: square root, factor, steps, cosine, warm-up (d2l "Learning Rate Scheduling"; item 24).

Look at: a schedule is a plain function of the step, so the left picture is one call per epoch. Right: the same small
net on the built-in digits, from the same start, on the same batches. The cosine comes to rest, on this easy set too
early: the sum of the rates is how far a run can go, so the constant rate, swings and all, and the two that begin at
0.5 go further. The numbers are the book's but for one: its factor schedule starts at 2.0.
Change 0.5 to the book's 2.0, then put a warm-up around it: Warmup(Exponential(2.0, 0.9, end=0.01), 5).

    python examples/d2l/14_schedules.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

import minidl
from minidl import data, nn, optim
from minidl.lab import folder
from minidl.lab.landscape_figures import look
from minidl.optim.schedules import Constant, Cosine, Exponential, InverseSqrt, MultiStep, Warmup

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="4 epochs in place of 32")
parser.add_argument("--out", type=folder, default="results/d2l/14_schedules", help="folder for the figure")
options = parser.parse_args()
epochs = 4 if options.quick else 32

# The book's numbers; time is counted in epochs.
schedules = {
    "constant": Constant(0.3),
    "square root": InverseSqrt(0.3),
    "factor": Exponential(0.5, decay=0.9, end=0.01),
    "multi-factor": MultiStep(0.5, milestones=[15, 30], gamma=0.5),
    "cosine": Cosine(0.3, steps=20, alpha=0.01 / 0.3),
    "warm-up, cosine": Warmup(Cosine(0.3, steps=15, alpha=0.01 / 0.3), steps=5),
}
shown = (0, 1, 5, 10, 15, 20, 30)
print("rate in epoch    " + "".join(f"{t:9}" for t in shown))
for name, schedule in schedules.items():
    print(f"{name:17}" + "".join(f"{schedule(t):9.4f}" for t in shown))

splits = data.load("digits")
loader = data.DataLoader(splits.train, 16, shuffle=True, seed=0)
test = data.DataLoader(splits.test, 1000)

figure = Figure(figsize=(13, 4.4), layout="constrained")
left, right = figure.subplots(1, 2)
print(f"\n{epochs} epochs on digits     train loss  rose in the last quarter  test accuracy")
for i, (name, schedule) in enumerate(schedules.items()):
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Dense(64, 32, rng=rng), nn.ReLU(), nn.Dense(32, 10, rng=rng))
    rule = optim.SGD(model.parameters(), lr=lambda step, s=schedule: s(step // len(loader)))
    loader.set_epoch(0)  # the same batches for all
    history = minidl.fit(model, loader, rule, nn.CrossEntropyLoss(), epochs, progress=False)
    losses = np.array(history["train_loss"])
    rises = (np.diff(losses)[-epochs // 4 :] > 0).sum()
    accuracy = minidl.train.evaluate(model, test, nn.CrossEntropyLoss())["accuracy"]
    print(f"{name:24} {losses[-1]:10.4f}  {rises:10} of {epochs // 4} times  {accuracy:16.1%}")
    left.plot([schedule(t) for t in range(33)], **look(i), markevery=5, label=name)
    right.plot(np.arange(1, epochs + 1), losses, **look(i), markevery=(i, 6), label=name)
left.set(xlabel="epoch", ylabel="rate", yscale="log", title="Six schedules")
right.set(xlabel="epoch", ylabel="cross-entropy (training)", yscale="log", title="The same net, the same start")
right.legend()
figure.savefig(options.out / "schedules.png", dpi=120)
print("figure", options.out / "schedules.png")
