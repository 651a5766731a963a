"""The exponentially weighted average: a year of temperatures, smoothed over about 2, 10 and 50 days.       N2, item 2

Look at: beta .98 is smooth and late, .5 follows every day's noise, .9 is between. An average of beta reaches about
1 / (1 - beta) days back: a day so old weighs about 1/e as much as today. Momentum is this very average, of gradients:
optim.Momentum, given the temperatures in place of gradients, holds the same numbers as the formula by hand.
Change the betas: .99, .3. The course's temperatures of London are not public; these are generated, in degrees Celsius.

    python examples/c2w2/03_moving_average.py [--quick] [--out FOLDER]
"""

import argparse
import math

import numpy as np
from matplotlib.figure import Figure

from minidl import Tensor, data, optim
from minidl.lab import folder

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="nothing is shortened: it takes a second or two")
parser.add_argument("--out", type=folder, default="results/c2w2/03_moving_average", help="folder for the figure")
options = parser.parse_args()

BETAS = {0.5: "#D55E00", 0.9: "#0072B2", 0.98: "#009E73"}  # and their colours


def average(x, beta):
    """v <- beta v + (1 - beta) x from v = 0, after each day; and the same divided by 1 - beta^t."""
    v, plain, corrected = 0.0, [], []
    for t, today in enumerate(x, start=1):
        v = beta * v + (1 - beta) * today
        plain.append(v)
        corrected.append(v / (1 - beta**t))
    return np.array(plain), np.array(corrected)


def momentum(x, beta):
    """What optim.Momentum remembers when x are its gradients."""
    w = Tensor(0.0, requires_grad=True, dtype="float64")
    optimizer, v = optim.Momentum([w], lr=1.0, beta=beta), []
    for today in x:
        w.grad = today
        optimizer.step()
        v.append(float(optimizer.state_dict()["state"]["0"]["v"]))
    return np.array(v)


days = data.temperatures()
print(f"{len(days)} daily temperatures, generated, not measured\n")
print("beta 0.3: today, yesterday and the day before count", *(f"{0.7 * 0.3**age:.0%}" for age in range(3)))

print("\nbeta  1 / (1 - beta)  beta^(1/(1-beta))  half-life  late by  from day to day  Momentum's v differs by")
season = data.temperatures(noise=0)
figure = Figure(figsize=(12, 4.6), layout="constrained")
year, weights = figure.subplots(1, 2, width_ratios=[2, 1])
year.plot(days, ".", color="0.7", markersize=4, label="a day's temperature (generated)")
for beta, colour in BETAS.items():
    plain, corrected = average(days, beta)
    reach, half_life = 1 / (1 - beta), math.log(0.5) / math.log(beta)
    same, moves = np.abs(plain - momentum(days, beta)).max(), np.abs(np.diff(corrected)).mean()
    late = min(range(90), key=lambda d, x=corrected: np.abs(x - np.roll(season, d))[100:].mean())  # d days ago
    print(f"{beta:<4}  {reach:6.0f} days       {beta**reach:.3f}            {half_life:4.1f} days {late:4} days"
          f"  {moves:.2f} degrees     {same:.0e}")  # fmt: skip
    assert same < 1e-12
    width = 1 if beta == 0.5 else 2.2
    year.plot(corrected, color=colour, linewidth=width, label=f"beta {beta}: about {reach:.0f} days")
    year.plot(plain, color=colour, linewidth=1.2, linestyle=":")
    weights.plot(beta ** np.arange(61) * (1 - beta), color=colour, marker=".", markersize=4)
    weights.plot(reach, beta**reach * (1 - beta), "o", color=colour, markersize=9, markeredgecolor="black")
print(f"1/e                  {math.exp(-1):.3f}")

year.plot([], [], ":", color="black", label="without bias correction: it starts at 0")
year.set(xlabel="day of the year", ylabel="degrees Celsius", title="The larger beta, the smoother, and the later")
year.legend(fontsize=9)
weights.set(xlabel="age of the day", ylabel="weight in the average", yscale="log", ylim=(3e-4, 1),
            title="Weight of a past day; ring: 1 / (1 - beta)")  # fmt: skip
figure.savefig(options.out / "moving_average.png", dpi=120)
print("\nfigure", options.out / "moving_average.png")
