"""Momentum is a weighted average of past gradients (d2l 7.4.2 and "Theoretical Analysis"; N16, item 23).

Look at: left, the weight beta^t of the gradient t steps ago: with 0.9 about the last 10 count, with 0.95 the last 20,
for 1 / (1 - beta) is the sum of all weights. What `optim.Momentum` keeps in v is 1 - beta times that sum. Middle:
why a narrow valley is hard. On lambda x^2 / 2 each step multiplies x by 1 - lr lambda: at rate 0.1, lambda = 0.1 hardly
moves, 10 arrives at once, 19 swings. One rate has to serve all. Right: an average smooths gradients that swing.
Change beta, or the rate 0.1 to 0.11: which curve diverges?

    python examples/d2l/08_momentum_as_average.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

from minidl import Tensor, optim
from minidl.lab import folder, landscape
from minidl.lab.landscape_figures import look

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="a smaller figure")
parser.add_argument("--out", type=folder, default="results/d2l/08_momentum_as_average", help="folder")
options = parser.parse_args()

figure = Figure(figsize=(14, 4.2), layout="constrained")
left, middle, right = figure.subplots(1, 3)

ago = np.arange(40)
for i, beta in enumerate((0.95, 0.9, 0.6, 0.0)):
    print(f"beta {beta:<4}  sum of the weights 1 / (1 - beta) = {1 / (1 - beta):g}")
    left.plot(ago, beta**ago, **look(i), markevery=4, label=f"β = {beta:g}")
left.set(xlabel="steps ago", ylabel="βᵗ", title="Weight of a past gradient")
left.legend()

for i, curvature in enumerate((0.1, 1.0, 10.0, 19.0)):
    path = landscape.trace(lambda x, c=curvature: c * x**2 / 2, "sgd", lr=0.1, steps=20, start=(1,))
    x = path.points[:, 0]
    assert np.allclose(x, (1 - 0.1 * curvature) ** np.arange(21))
    print(f"lambda {curvature:<4g}  after 20 steps of rate 0.1: x = (1 - {0.1 * curvature:g})^20 = {x[-1]:f}")
    middle.plot(x, **look(i), label=f"λ = {curvature:g}")
middle.set(xlabel="step", ylabel="x = (1 - 0.1 λ)ᵗ", title="Gradient descent on λx²/2, rate 0.1")
middle.xaxis.get_major_locator().set_params(integer=True)
middle.legend()

# Feed the class gradients that swing around 1; its v must be the weighted sum of all of them.
beta, gradients = 0.9, 1 + np.random.default_rng(0).normal(size=60)
w = Tensor(np.zeros(1), requires_grad=True)
rule = optim.Momentum([w], lr=0.1, beta=beta)
averages = []
for g in gradients:
    w.grad = np.array([g])
    rule.step()
    averages.append(float(rule.state_dict()["state"]["0"]["v"][0]))
by_hand = [(1 - beta) * sum(beta**k * gradients[t - k] for k in range(t + 1)) for t in range(60)]
print(f"largest difference between v and the weighted sum: {np.abs(np.subtract(averages, by_hand)).max():.1e}")
print(f"deviation of the gradients {gradients[20:].std():.2f}, of their average {np.std(averages[20:]):.2f}")
right.plot(gradients, "o", color="0.6", markersize=4, label="gradient: 1 and noise")
right.plot(averages, **look(1) | {"marker": None}, label="v, their average (β = 0.9)")
right.axhline(1, color="black", linewidth=0.6)
right.set(xlabel="step", ylabel="gradient", title="Momentum smooths")
right.legend()
figure.savefig(options.out / "momentum_as_average.png", dpi=60 if options.quick else 120)
print("figure", options.out / "momentum_as_average.png")
