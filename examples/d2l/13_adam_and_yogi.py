"""Adam in the valley, and Yogi, whose second moment forgets more slowly (d2l 7.8; item 24).

Look at: Adam's first step is the rate, in every coordinate, whatever the gradient: both corrections at work. Right:
gradients of size 1, then a burst of 10, then 0.1. Adam's v forgets a share of itself in each step, so that after the
burst its rate lr / sqrt(v) recovers and soon passes what it was; Yogi's v falls by (1 - beta2) g^2 at most, which is
hardly anything while g is small, and its rate stays careful.
Change the burst, or beta2. Adam step by step, with numbers to redo by hand: minidl optimizers adam

    python examples/d2l/13_adam_and_yogi.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

from minidl import Tensor, optim
from minidl.lab import folder, landscape, trace_2d
from minidl.lab.landscape_figures import look

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="a smaller figure")
parser.add_argument("--out", type=folder, default="results/d2l/13_adam_and_yogi", help="folder for the figure")
options = parser.parse_args()

ADAM, YOGI = 6, 7  # colours
figure = Figure(figsize=(13, 4.2), layout="constrained")
left, right = figure.subplots(1, 2)
for lr in (0.01, 0.4):
    path = trace_2d("bowl", "adam", lr=lr)
    first = path.points[1] - path.points[0]
    print(f"Adam, lr {lr:<4}: first step {first[0]:.6f}, {first[1]:.6f}", end="")
    print(f"  epoch 20, x1 {path.points[-1, 0]:f}, x2 {path.points[-1, 1]:f}")
landscape.draw(left, path, first=ADAM)
left.set(xlabel="x1", ylabel="x2", title="Adam, rate 0.4, 20 steps: it overshoots like a ball")

gradients = np.concatenate([np.ones(300), 10 * np.ones(20), 0.1 * np.ones(680)])
for i, make in ((ADAM, optim.Adam), (YOGI, optim.Yogi)):
    w = Tensor(np.zeros(1), requires_grad=True)
    rule = make([w], lr=0.01, betas=(0.9, 0.99))
    rates = []
    for t, g in enumerate(gradients, 1):
        w.grad = np.array([g])
        rule.step()
        v = float(rule.state_dict()["state"]["0"]["v"][0])
        rates.append(0.01 / np.sqrt(v / (1 - 0.99**t)))
    print(f"{make.__name__:4}: lr / sqrt(v) before the burst {rates[299]:.4f}, after it {rates[319]:.4f}, ", end="")
    print(f"680 steps later {rates[-1]:.4f}")
    right.plot(rates, **look(i), markevery=100, label=make.__name__)
right.axvspan(300, 320, color="0.8", label="burst of large gradients")
right.set(xlabel="step", ylabel="lr / √v", yscale="log", title="What the second moment does to the rate")
right.legend()
figure.savefig(options.out / "adam_and_yogi.png", dpi=60 if options.quick else 120)
print("figure", options.out / "adam_and_yogi.png")
