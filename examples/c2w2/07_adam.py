"""Adam: Momentum's average and RMSprop's, both corrected for their start at zero.                               N4

Look at: the worked steps, to redo with a pocket calculator; the table of what each part contributes; and the first
steps without the correction: at t = 1 both averages are too small, v by 0.001 under a root, m by 0.1, so that the
step is 3.16 times too large, and it grows before it shrinks. Change BETA2 to 0.99 (it still grows, to 2.1) or to 0.9.

    python examples/c2w2/07_adam.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

from minidl import Tensor, optim
from minidl.lab import folder, landscape
from minidl.optim.more.conventions import AdamUncorrected

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="nothing is shortened: it takes a second or two")
parser.add_argument("--out", type=folder, default="results/c2w2/07_adam", help="folder for the figure")
options = parser.parse_args()

BETA2 = 0.999
RULES = {"SGD": (optim.SGD, "#0072B2", "-"), "Momentum": (optim.Momentum, "#D55E00", "--"),
         "RMSProp": (optim.RMSProp, "#56B4E9", "-."), "Adam": (optim.Adam, "#000000", "-"),
         "Adam without correction": (AdamUncorrected, "#CC79A7", ":")}  # fmt: skip


def moves(rule, gradients):
    """The step of each weight at each time, downhill positive, in units of the rate."""
    w = Tensor(np.zeros(np.shape(gradients[0])), requires_grad=True, dtype="float64")
    settings = {"alpha": BETA2} if rule is optim.RMSProp else {"betas": (0.9, BETA2)} if "Adam" in rule.__name__ else {}
    optimizer, steps = rule([w], lr=1.0, **settings), []
    for g in gradients:
        before = w.numpy()
        w.grad = g
        optimizer.step()
        steps.append(before - w.numpy())
    return np.array(steps)


print(optim.worked_steps(optim.Adam, gradients=[0.5, -0.3, 0.2], lr=0.1).text(110))

print("\nWhat each part contributes. Gradients are given; after 5,000 steps (the first step: the first), in rates")
print("                         gradient 1, and 100    gradient 1, -1, 1, -1, ...   first step, gradient 0.5")
two, swinging, half = [[1.0, 100.0]] * 5000, [[(-1.0) ** t] for t in range(5000)], [[0.5]]
for name, (rule, _, _) in RULES.items():
    small, large = moves(rule, two)[-1]
    swing, first = np.abs(moves(rule, swinging)[-1, 0]), moves(rule, half)[0, 0]
    print(f"{name:24} steps {small:4.2f} and {large:6.2f}    {swing:26.2f}   {first:24.2f}")
print("Momentum makes the swings small, the root of the second moment makes all weights move alike: Adam has both.")

figure = Figure(figsize=(11, 4.4), layout="constrained")
left, right = figure.subplots(1, 2)
for name, (rule, colour, line) in RULES.items():
    constant = moves(rule, [[0.5]] * 2000)[:, 0]
    left.plot(range(1, 2001), constant, line, color=colour, linewidth=2, label=name)
    if name == "Adam without correction":
        print(f"\nwithout correction the largest step is {constant.max():.2f} rates, at t = {constant.argmax() + 1}")
for name in ("Adam", "Adam without correction"):
    rule, colour, line = RULES[name]
    path = landscape.trace("bowl", rule, 0.3, 100)
    right.plot(path.points[:, 0], line, color=colour, linewidth=2, label=name)
    print(f"on the bowl from x = -5 with rate 0.3, {name} comes as far as x = {path.points[:, 0].max():.2f}")
left.set(xlabel="step t", ylabel="size of the step, in rates", xscale="log", yscale="log", ylim=(0.04, 50),
         title=f"A constant gradient of 0.5 (beta2 = {BETA2:g})")  # fmt: skip
left.legend(fontsize=9)
right.axhline(0, color="grey", linewidth=0.8)
right.set(xlabel="step", ylabel="x (minimum: 0)", title="0.1 x² + 2 y² from (-5, -2), rate 0.3")
right.legend(fontsize=9)
figure.savefig(options.out / "adam.png", dpi=120)
print("figure", options.out / "adam.png")
