"""Learning-rate decay: the course's five schedules as tables and curves.                                 N5, item 5

Look at: 1 / (1 + decay epoch) halves the rate at once and then takes ages; .95^epoch falls by the same share each
epoch; a staircase waits, then jumps; "manual" is a staircase whose steps you choose while you watch the run.
A schedule in minidl is a plain function of the step, which an optimizer takes in place of its rate.
Change the decay rate of the first to 0.1, and print a rate per step: leave steps_per_epoch out.

    python examples/c2w2/08_decay_curves.py [--quick] [--out FOLDER]
"""

import argparse

from matplotlib.figure import Figure

from minidl import Tensor, optim
from minidl.lab import folder
from minidl.optim import schedules

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="nothing is shortened: it takes a second")
parser.add_argument("--out", type=folder, default="results/c2w2/08_decay_curves", help="folder for the figure")
options = parser.parse_args()

LR, BATCHES = 0.2, 10  # the first rate, and steps per epoch
DECAYS = {
    "lr / (1 + epoch)": schedules.InverseTime(LR, 1.0, steps_per_epoch=BATCHES, staircase=True),
    "lr 0.95^epoch": schedules.Exponential(LR, 0.95, steps_per_epoch=BATCHES, staircase=True),
    "lr / sqrt(t), t in steps": schedules.InverseSqrt(LR),
    "staircase: half every 5 epochs": schedules.Step(LR, 5, gamma=0.5, steps_per_epoch=BATCHES),
    "manual": schedules.Piecewise([8, 12], [LR, LR / 4, LR / 20], steps_per_epoch=BATCHES),
}

print(f"lr {LR}, {BATCHES} steps per epoch: the rate at the first step of each epoch")
print(f"{'epoch':32}", *(f"{epoch:6}" for epoch in range(5)), f"{10:6} {20:6}")
for name, decay in DECAYS.items():
    print(f"{name:32}", *(f"{round(decay(epoch * BATCHES), 4):6g}" for epoch in (0, 1, 2, 3, 4, 10, 20)))

# An optimizer takes the schedule as its rate; `optimizer.lr` is the rate in force.
w = Tensor([1.0], requires_grad=True)
optimizer = optim.SGD([w], lr=DECAYS["lr / (1 + epoch)"])
rates = []
for _ in range(5 * BATCHES):
    rates.append(optimizer.lr)
    w.grad = [0.0]
    optimizer.step()
print("\nthe rates in force in epochs 1 to 4 of a run:", ", ".join(f"{rates[e * BATCHES]:.3g}" for e in range(1, 5)))

figure = Figure(figsize=(9, 4.6), layout="constrained")
axes = figure.subplots()
colours = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000")
steps = range(20 * BATCHES + 1)
for (name, decay), colour, line in zip(DECAYS.items(), colours, ("-", "--", "-.", "-", "--"), strict=True):
    axes.step([t / BATCHES for t in steps], [decay(t) for t in steps], line, where="post", color=colour, label=name)
axes.set(xlabel="epoch", ylabel="learning rate", title=f"Five ways from {LR} downwards", ylim=(0, None))
axes.set_xticks(range(0, 21, 2))
axes.legend()
figure.savefig(options.out / "decay_curves.png", dpi=120)
print("figure", options.out / "decay_curves.png")
