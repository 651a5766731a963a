"""Batch and mini-batch gradient descent: the cost at every iteration, and paths through a narrow valley.     N1, item 1

Look at: with the full batch the cost falls in every iteration; with mini-batches it zig-zags downwards. On the right
three paths start together with one rate: batch 1 is thrown from wall to wall, 64 is nearly the full batch's path. The
rate stays, yet the full batch's steps shrink, because its gradient does; those of mini-batches shrink only to a floor,
the noise of their gradients, if at all. The course's advice: up to 2,000 examples take all at once, else 64 to 512.
Change RATE to 0.02: the floor is lower. Change START and BATCHES.

    python examples/c2w2/01_mini_batches.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_diabetes
from threadpoolctl import threadpool_limits

import minidl
from minidl import Tensor, data, nn, optim
from minidl.lab import folder

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="fewer iterations on the digits")
parser.add_argument("--out", type=folder, default="results/c2w2/01_mini_batches", help="folder for the figure")
options = parser.parse_args()
threadpool_limits(1)  # the matrices are small: two threads would wait for each other
figure = Figure(figsize=(12, 5), layout="constrained")
left, right = figure.subplots(1, 2)

# 1. The cost at every iteration: a network on handwritten digits.
(train,) = data.standardize(data.load("digits").train)
m, iterations = len(train), 68 if options.quick else 204
for batch, colour in ((64, "#D55E00"), (m, "#000000")):
    model = nn.Sequential(nn.Dense(64, 32, rng=0), nn.ReLU(), nn.Dense(32, 10, rng=1))
    loader = data.DataLoader(train, batch, shuffle=True)
    epochs = iterations // len(loader)
    run = minidl.fit(model, loader, optim.SGD(model.parameters(), lr=0.1), nn.CrossEntropyLoss(), epochs)
    rises = np.count_nonzero(np.diff(run.steps) > 0)
    name = f"full batch, {m}" if batch == m else f"batch {batch}"
    print(f"digits, {name:16}: the cost rose in {rises:3} of {len(run.steps) - 1} iterations ({epochs} epochs)")
    left.plot(run.steps, color=colour, linewidth=1 if batch < m else 2.5, label=name)
left.set(xlabel="iteration (one step)", ylabel="cost of the batch", title="Digits: the cost at every iteration")
left.legend()

# 2. Two weights, to predict a disease's progress from two blood values of 442 patients that nearly tell the same.
table = load_diabetes()
x, y = table.data[:, [4, 5]], table.target  # serum values s1 and s2
x, y = (x - x.mean(axis=0)) / x.std(axis=0), (y - y.mean()) / y.std()
START, RATE, STEPS, BATCHES = (-0.6, 0.9), 0.1, 300, {1: "#0072B2", 64: "#D55E00", 442: "#000000"}
print(f"\n{len(y)} patients, correlation of the values {np.corrcoef(x.T)[0, 1]:.2f}; rate {RATE}; length of a step")
corners = np.array([START])
for batch, colour in BATCHES.items():
    w = Tensor(START, requires_grad=True, dtype="float64")
    optimizer, loader, points = optim.SGD([w], lr=RATE), data.DataLoader((x, y), batch, shuffle=True), [w.numpy()]
    while len(points) <= STEPS:
        for xb, yb in loader:
            optimizer.zero_grad()
            ((xb @ w - yb) ** 2).mean().backward()
            optimizer.step()
            points.append(w.numpy())
    path = np.array(points[: STEPS + 1])
    step = np.linalg.norm(np.diff(path, axis=0), axis=1)
    print(f"batch {batch:3}: first ten steps {step[:10].mean():.4f}, last hundred {step[-100:].mean():.4f}")
    right.plot(*path.T, color=colour, linewidth=0.8 if batch == 1 else 1.6, marker=".", markersize=3, zorder=3 + batch,
               label=f"batch {batch}" if batch < 442 else "full batch, 442")  # fmt: skip
    corners = np.concatenate([corners, path])
(x0, y0), (x1, y1) = corners.min(axis=0) - 0.1, corners.max(axis=0) + 0.1
grid = np.stack(np.meshgrid(np.linspace(x0, x1, 120), np.linspace(y0, y1, 120)), axis=-1)
costs = ((grid @ x.T - y) ** 2).mean(axis=-1)
levels = np.quantile(costs, np.linspace(0, 1, 14) ** 2)
right.contour(grid[..., 0], grid[..., 1], costs, levels, colors="0.75", linewidths=0.8)
right.plot(*START, "o", color="white", markeredgecolor="black", markersize=9, zorder=999)
right.plot(*np.linalg.lstsq(x, y)[0], "*", color="#F0E442", markeredgecolor="black", markersize=18, zorder=999)
right.set(xlabel="weight of s1", ylabel="weight of s2", title=f"Diabetes: {STEPS} steps at rate {RATE} (star: minimum)")
right.legend()
figure.savefig(options.out / "mini_batches.png", dpi=120)
print("\nfigure", options.out / "mini_batches.png")
