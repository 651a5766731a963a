"""The size of a mini-batch: larger ones tremble less and cost more, in seconds and in memory.                     N1

Look at: the noise of the gradient falls like 1 / sqrt(batch), the price of a step rises with the batch, slowly
at first, as a step of a few examples is mostly Python. With a fixed rate the swings of the loss shrink during training,
as the gradients do. Change the rate LR to 0.1 (too large for single examples), or the width of the network from 64 to
512: then arithmetic, not Python, is what a step costs.

    python examples/c2w2/02_batch_size.py [--quick] [--out FOLDER]
"""

import argparse
import itertools
import time
import tracemalloc

import numpy as np
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

from minidl import data, nn, optim
from minidl.lab import folder

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="120 of 400 steps")
parser.add_argument("--out", type=folder, default="results/c2w2/02_batch_size", help="folder for the figure")
options = parser.parse_args()

threadpool_limits(1)  # the matrices are small: two threads would wait for each other
LR, STEPS = 0.02, 120 if options.quick else 400
(train,) = data.standardize(data.load("digits").train)
loss_function = nn.CrossEntropyLoss()


def network():
    return nn.Sequential(nn.Dense(64, 64, rng=0), nn.ReLU(), nn.Dense(64, 10, rng=1))


def gradient(model, x, y):
    """The loss, and its gradient in all weights as one vector; the weights keep it too."""
    loss = loss_function(model(x), y)
    model.zero_grad()
    loss.backward()
    return loss.item(), np.concatenate([p.grad.numpy().ravel() for p in model.parameters()])


def batches(size):
    """Shuffled batches without end."""
    loader = data.DataLoader(train, size, shuffle=True, drop_last=True)
    return itertools.chain.from_iterable(itertools.repeat(loader))


def noise(size):
    """How far a batch's gradient is from that of all, relative to it, at the first weights."""
    model = network()
    _, whole = gradient(model, train.x, train.y)
    away = [gradient(model, *batch)[1] - whole for batch in itertools.islice(batches(size), 40)]
    return np.sqrt(np.mean(np.square(away).sum(axis=1))) / np.linalg.norm(whole)


sizes = {1: "#CC79A7", 16: "#0072B2", 64: "#D55E00", 256: "#009E73", len(train): "#000000"}
figure = Figure(figsize=(13, 3.6), layout="constrained")
print("        of the first gradient   of one step                  swing of the loss     length of the gradient")
print("batch   noise  x sqrt(batch)    milliseconds  kilobytes   first 50   last 50        first 50   last 50")
for axes, (size, colour) in zip(figure.subplots(1, 5, sharey=True), sizes.items(), strict=True):
    model, losses, lengths, seconds = network(), [], [], []
    optimizer = optim.SGD(model.parameters(), lr=LR)
    for x, y in itertools.islice(batches(size), STEPS):
        began = time.perf_counter()
        loss, g = gradient(model, x, y)
        optimizer.step()
        seconds.append(time.perf_counter() - began)
        losses.append(loss)
        lengths.append(np.linalg.norm(g))
    tracemalloc.start()
    gradient(model, x, y)
    kilobytes = tracemalloc.get_traced_memory()[1] / 1024  # the highest during the step
    tracemalloc.stop()
    swing = np.abs(np.diff(losses))
    relative = noise(size)
    print(f"{size:5}  {relative:6.2f}  {relative * size**0.5:8.2f}       {1000 * np.median(seconds):12.2f}  "
          f"{kilobytes:9.0f}   {swing[:50].mean():8.4f}  {swing[-50:].mean():8.4f}        "
          f"{np.mean(lengths[:50]):8.3f}  {np.mean(lengths[-50:]):8.3f}")  # fmt: skip
    axes.plot(losses, color=colour, linewidth=0.8)
    name = "full batch" if size == len(train) else f"batch {size}"
    axes.set(title=f"{name}: {1000 * np.median(seconds):.2g} ms a step", xlabel="step", ylim=(0, 4))
figure.axes[0].set_ylabel("loss of the batch")
figure.savefig(options.out / "batch_size.png", dpi=120)
print("figure", options.out / "batch_size.png")
