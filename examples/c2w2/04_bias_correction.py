"""Bias correction: an average that starts at zero is too low; divide it by 1 - beta^t.             N2, item 3

Look at: the first weeks. With beta .98 the plain average (purple in the course) climbs from 0 and needs months to
forget that; corrected (green) it is right from the first day. Of a constant 10 the correction makes 10, every day.
Change beta: the smaller it is, the sooner both agree, which is why Momentum mostly does without.
The temperatures are generated, in degrees Celsius: those of the course are not public.

    python examples/c2w2/04_bias_correction.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

from minidl import Tensor, data, optim
from minidl.lab import folder

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="nothing is shortened: it takes a second or two")
parser.add_argument("--out", type=folder, default="results/c2w2/04_bias_correction", help="folder for the figure")
options = parser.parse_args()

BETA = 0.98


def averages(x, correct):
    """The averages after each day: with rate 1, Momentum's step is its average of the gradients so far."""
    w = Tensor(0.0, requires_grad=True, dtype="float64")
    optimizer = optim.Momentum([w], lr=1.0, beta=BETA, bias_correction=correct)
    steps = []
    for today in x:
        before = w.item()
        w.grad = today
        optimizer.step()
        steps.append(before - w.item())
    return np.array(steps)


def numbers(values):
    return ", ".join(f"{x:.4g}" for x in values)


constant = np.full(3, 10.0)
print(f"beta {BETA}, a constant 10")
print("plain        ", numbers(averages(constant, correct=False)))
print("1 - beta^t   ", numbers(1 - BETA ** np.arange(1, 4)))
print("corrected    ", numbers(averages(constant, correct=True)))

days = data.temperatures()
plain, corrected = averages(days, correct=False), averages(days, correct=True)
print(f"\nbeta {BETA}, a year of generated temperatures, in degrees\nday  temperature  plain  corrected")
for day in (1, 2, 3, 10, 50, 100, 200):
    print(f"{day:3}  {days[day - 1]:11.2f}  {plain[day - 1]:5.2f}  {corrected[day - 1]:9.2f}")
late = 1 + int(np.argmax(np.abs(plain - corrected) < 0.1))
print(f"the two agree to 0.1 degrees from day {late} on")

figure = Figure(figsize=(8.5, 4.6), layout="constrained")
axes = figure.subplots()
shown = slice(0, 150)
axes.plot(range(1, 151), days[shown], ".", color="0.7", label="a day's temperature (generated)")
axes.plot(range(1, 151), plain[shown], color="#7B3294", linewidth=2.5, linestyle="--", label="v, which starts at 0")
axes.plot(range(1, 151), corrected[shown], color="#009E73", linewidth=2.5, label="v / (1 - beta^t)")
axes.axhline(0, color="grey", linewidth=0.6)
axes.set(xlabel="day", ylabel="degrees Celsius", title=f"beta {BETA}: the first days with and without bias correction")
axes.legend()
figure.savefig(options.out / "bias_correction.png", dpi=120)
print("\nfigure", options.out / "bias_correction.png")
