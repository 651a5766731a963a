"""A network by hand: the backward pass of a two-layer network in NumPy, beside the same from autograd.

Look at: from `g` on, the lines of `by_hand` are the chain rule from the last layer to the first; the largest difference
to autograd is rounding. Change the activation (np.tanh, its slope 1 - h * h, minidl.tanh) and keep the two equal.

    python examples/02_network_by_hand.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

import minidl
from minidl import Tensor, data
from minidl.lab import folder

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="fewer steps")
parser.add_argument("--out", type=folder, default="results/02_network_by_hand", help="folder for the figure")
options = parser.parse_args()

spirals = data.load("spirals")  # generated: points (N, 2) on three spiral arms
x, y = spirals.train.x.astype(np.float64), spirals.train.y
rng = np.random.default_rng(0)
w1, b1 = rng.normal(0, 1, (2, 100)), np.zeros(100)
w2, b2 = rng.normal(0, 0.1, (100, 3)), np.zeros(3)


def activation(z):
    return np.maximum(z, 0)


def slope(h):
    """The derivative of the activation, from its result h."""
    return h > 0


activation_of_tensors = minidl.relu  # the same for autograd


def by_hand(w1, b1, w2, b2):
    """Loss and gradients, (N, 2) -> (N, 100) -> (N, 3)."""
    h = activation(x @ w1 + b1)
    e = np.exp(h @ w2 + b2)
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y]).mean()
    g = p.copy()
    g[np.arange(len(y)), y] -= 1
    g /= len(y)  # the gradient of the loss with respect to the logits
    gh = g @ w2.T * slope(h)
    return loss, [x.T @ gh, gh.sum(axis=0), h.T @ g, g.sum(axis=0)]


def with_autograd(w1, b1, w2, b2):
    """The same loss; the gradients come from backward()."""
    params = [Tensor(p, requires_grad=True) for p in (w1, b1, w2, b2)]
    logits = activation_of_tensors(x @ params[0] + params[1]) @ params[2] + params[3]
    loss = minidl.softmax_cross_entropy(logits, y)
    loss.backward()
    return loss.item(), [p.grad.numpy() for p in params]


params = [w1, b1, w2, b2]
(loss, gradients), (loss_auto, gradients_auto) = by_hand(*params), with_autograd(*params)
print(f"loss by hand {loss:.12f}, by autograd {loss_auto:.12f}")
for name, g, auto in zip(("w1", "b1", "w2", "b2"), gradients, gradients_auto, strict=True):
    print(f"gradient of {name}: largest difference {np.abs(g - auto).max():.1e}")

losses = []
for _ in range(50 if options.quick else 1000):
    loss, gradients = by_hand(*params)
    losses.append(loss)
    for p, g in zip(params, gradients, strict=True):
        p -= 1.0 * g  # gradient descent
right = (activation(x @ w1 + b1) @ w2 + b2).argmax(axis=1) == y
print(f"after {len(losses)} steps: loss {losses[-1]:.4f}, training accuracy {right.mean():.1%}")

figure = Figure(figsize=(9, 4), layout="constrained")
left, plane = figure.subplots(1, 2)
left.plot(losses)
left.set(xlabel="step", ylabel="training loss", yscale="log", title="Gradient descent by hand")
edge = np.abs(x).max() * 1.1
grid = np.stack(np.meshgrid(np.linspace(-edge, edge, 200), np.linspace(-edge, edge, 200)), axis=-1)
areas = (activation(grid @ w1 + b1) @ w2 + b2).argmax(axis=-1)
plane.contourf(grid[..., 0], grid[..., 1], areas, levels=[-0.5, 0.5, 1.5, 2.5], cmap="Pastel1")
plane.scatter(x[:, 0], x[:, 1], c=y, s=6, cmap="brg")
plane.set(title="What the network learned", aspect="equal")
figure.savefig(options.out / "network_by_hand.png", dpi=120)
print("figure", options.out / "network_by_hand.png")
