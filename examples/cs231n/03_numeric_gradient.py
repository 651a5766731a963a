"""Numeric against analytic gradient: how small should h be? (item 11)

    one-sided   (f(x + h) - f(x)) / h           wrong by about h f'' / 2
    centred     (f(x + h) - f(x - h)) / 2h      wrong by about h^2 f''' / 6

Look at: of exp at 2 with h = 1e-5, one-sided is wrong by 3.7e-5, centred by 1.9e-10. A smaller h is not better: the
difference of two nearly equal numbers has few digits left, and the error grows again, as 1e-16 / h. In float32, with
its seven digits, h = 1e-5 is useless: check gradients in float64. Change f, the place, H.

    python examples/cs231n/03_numeric_gradient.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

import minidl
from minidl import Tensor, ops
from minidl.lab import folder
from minidl.lab.landscape_figures import COLOURS

X, H = 2.0, 1e-5

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="changes nothing here: it takes a second")
parser.add_argument("--out", type=folder, default="results/cs231n/03_numeric_gradient", help="for the figure")
options = parser.parse_args()

x = Tensor(X, requires_grad=True, dtype="float64")
minidl.exp(x).backward()
analytic = x.grad.item()


def errors(h, dtype):
    """Of the one-sided and the centred difference of exp at X."""
    at, h = dtype(X), dtype(h)
    one_sided = (np.exp(at + h) - np.exp(at)) / h
    centred = (np.exp(at + h) - np.exp(at - h)) / (2 * h)
    return abs(float(one_sided) - analytic), abs(float(centred) - analytic)


print(f"exp at {X:g}, analytic gradient {analytic:.12f}, h = {H:g}")
for name, error in zip(("one-sided", "centred"), errors(H, np.float64), strict=True):
    print(f"  {name:9} is wrong by {error:.1e}")
sizes = np.logspace(0, -14, 57)
table = {dtype: np.array([errors(h, dtype) for h in sizes]) for dtype in (np.float64, np.float32)}
print("\n     h   one-sided   centred   one-sided, float32   centred, float32")
for h in 10.0 ** -np.arange(1, 11):
    (a, b), (c, d) = errors(h, np.float64), errors(h, np.float32)
    print(f"{h:6.0e} {a:11.1e} {b:9.1e} {c:20.1e} {d:18.1e}")

# The same for every weight of a network at once: minidl.gradcheck compares autograd with centred differences.
rng = np.random.default_rng(0)
images, labels = rng.normal(size=(4, 5)), np.array([0, 2, 1, 1])
weights = [Tensor(rng.normal(size=shape), requires_grad=True) for shape in ((5, 7), 7, (7, 3), 3)]


def network(w1, b1, w2, b2):
    return ops.softmax_cross_entropy(ops.tanh(images @ w1 + b1) @ w2 + b2, labels)


agree = minidl.gradcheck(network, weights)  # an AssertionError names the first weight where they differ
print(f"\ngradcheck of a network with {sum(w.size for w in weights)} weights: {agree}")

figure = Figure(figsize=(7, 4.2), layout="constrained")
axes = figure.subplots()
for dtype, style in ((np.float64, "-"), (np.float32, "--")):
    for i, name in enumerate(("one-sided", "centred")):
        axes.loglog(sizes, np.maximum(table[dtype][:, i], 1e-13), style, color=COLOURS[i],
                    label=f"{name}, {dtype.__name__}")  # fmt: skip
axes.axvline(H, color="0.6", linewidth=0.8)
axes.set(xlabel="h", ylabel="error of the gradient", title=f"Finite differences of exp at {X:g}", ylim=(1e-13, 1e2))
axes.invert_xaxis()
axes.legend()
figure.savefig(options.out / "error.png", dpi=120)
print("wrote", options.out / "error.png")
