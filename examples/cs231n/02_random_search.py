"""Three strategies for finding weights: guess, guess nearby, follow the gradient (lesson N7, item 9).

Look at: a thousand random matrices hardly help (the course reaches 15.5 % on CIFAR-10, where chance is 10 %). A
thousand random steps from the best so far do better (21.4 % there). A hundred steps along the gradient beat both, in a
tenth of the evaluations. Change TRIES, and `spread`, the standard deviation of a guess.

CIFAR-10 is used where it is (minidl datasets get cifar10), of it the first 2,000 images; else the built-in digits,
where all the numbers are others. Warning: the course's program stores the best weights as bestW and later reads Wbest,
and it prints as Python 2 does.

    python examples/cs231n/02_random_search.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

from minidl import data, nn, ops, optim
from minidl.lab import folder
from minidl.lab.landscape_figures import COLOURS

TRIES = 1000

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="200 tries instead of 1,000")
parser.add_argument("--out", type=folder, default="results/cs231n/02_random_search", help="for the figure")
options = parser.parse_args()
tries = 200 if options.quick else TRIES

try:
    splits = data.load("cifar10", download=False)
except OSError as error:
    print(f"{error}\nThis is on the built-in digits instead: other numbers than the course's.\n")
    splits = data.load("digits")
x, test_x = (part.x.reshape(len(part), -1).astype(np.float32) for part in (splits.train, splits.test))
mean, deviation = x.mean(), x.std()
x, y, test_x, test_y = (x[:2000] - mean) / deviation, splits.train.y[:2000], (test_x - mean) / deviation, splits.test.y
dimensions = x.shape[1]
spread = 0.75 / np.sqrt(dimensions)  # scores of about 0.75, as the course's 0.0001 gives on raw pixels


def svm(scores, y):
    """Mean over the images of the sum over the wrong classes of max(0, s_j - s_right + 1)."""
    right = (scores * ops.one_hot(y, 10)).sum(axis=1, keepdims=True)
    return ops.maximum(scores - right + 1, 0.0).sum(axis=1).mean() - 1  # the right class itself adds 1


def search(name, optimizer_class, steps, **settings):
    model = nn.Dense(dimensions, 10, init=lambda shape, rng: spread * rng.normal(size=shape), rng=0)
    optimizer, best, last = optimizer_class(model.parameters(), **settings), [], []

    def closure():
        optimizer.zero_grad()
        loss = svm(model(x), y)
        last.append(loss.item())
        best.append(min([*best[-1:], loss.item()]))
        if loss.requires_grad:  # random search runs without a graph
            loss.backward()
        return loss

    for _ in range(steps):
        optimizer.step(closure)
    correct = (model(test_x).numpy().argmax(axis=1) == test_y).mean()
    print(name)
    for k in [*range(7), len(best) - 1]:
        print(f"  in attempt {k} the loss was {last[k]:.6f}, best {best[k]:.6f}")
    print(f"  accuracy on the test set: {correct:.1%}\n")
    return best


results = {
    "random search": search("random search", optim.RandomSearch, tries, lr=spread),
    "random local search": search("random local search", optim.RandomLocalSearch, tries, lr=spread / 5),
    "gradient descent": search("gradient descent", optim.SGD, 100, lr=0.5 / dimensions),
}

figure = Figure(figsize=(7, 4.2), layout="constrained")
axes = figure.subplots()
for i, (name, best) in enumerate(results.items()):
    axes.plot(range(1, len(best) + 1), best, color=COLOURS[i], linestyle=("--", "-.", "-")[i], label=name)
axes.set(xlabel="evaluations of the loss", ylabel="lowest SVM loss so far", xscale="log", ylim=(0, None),
         title=f"Guess, guess nearby, follow the gradient ({splits.name})")  # fmt: skip
axes.legend()
figure.savefig(options.out / "search.png", dpi=120)
print("wrote", options.out / "search.png")
