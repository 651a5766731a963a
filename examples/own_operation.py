"""An operation of your own: a function with its derivative, and the check that they fit.

Look at: an operation is its forward on arrays and one derivative per input, each naming what it needs: `g` (the
gradient that arrives), `y` (the result), the inputs, the options. gradcheck compares it with finite differences, the
second derivative too; of a wrong one it tells the place and both numbers. Change the forward and leave the derivative.

    python examples/own_operation.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

import minidl
from minidl import Tensor, data, nn, optim
from minidl.lab import folder

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="fewer epochs")
parser.add_argument("--out", type=folder, default="results/own_operation", help="folder for the figure")
options = parser.parse_args()

# 1. Squareplus (Barron 2021), a smooth ReLU: y = (x + sqrt(x^2 + b)) / 2, dy/dx = (1 + x / sqrt(x^2 + b)) / 2.
#    The derivative uses minidl.sqrt, which takes arrays and Tensors alike: so it can be differentiated itself.
squareplus = minidl.operation(
    "squareplus",
    lambda x, b: (x + np.sqrt(x * x + b)) / 2,
    x=lambda g, x, b: g * (1 + x / minidl.sqrt(x * x + b)) / 2,
)
# The mistake that is made most often: what arrives, g, is forgotten.
forgetful = minidl.operation(
    "forgetful", lambda x: (x + np.sqrt(x * x + 4)) / 2, x=lambda g, x: (1 + x / minidl.sqrt(x * x + 4)) / 2
)

# 2. Is the derivative right? float64, away from kinks; order=2 asks for the derivative of the derivative too.
x = Tensor(np.array([-2.0, -0.5, 0.3, 1.7]), requires_grad=True)
print("squareplus:", minidl.gradcheck(lambda x: squareplus(x, b=4.0), x, order=2))
print("another b: ", minidl.gradcheck(lambda x: squareplus(x, b=0.5), x, order=2))
try:
    minidl.gradcheck(forgetful, x)
except AssertionError as error:
    print("forgetful: ", error)

# 3. Use it like any other function, here as the activation of a network on two moons (generated).
moons = data.load("moons")


class Squareplus(nn.Module):
    def forward(self, x):
        return squareplus(x, b=4.0)  # b is an option: a constant, given by its name


for activation in (nn.ReLU(), Squareplus()):
    model = nn.Sequential(nn.Dense(2, 32, rng=0), activation, nn.Dense(32, 2, rng=1))
    loader = data.DataLoader(moons.train, 32, shuffle=True)
    epochs = 3 if options.quick else 30
    minidl.fit(model, loader, optim.Adam(model.parameters(), lr=0.01), nn.CrossEntropyLoss(), epochs)
    right = (model(moons.validation.x).data.argmax(axis=1) == moons.validation.y).mean()
    print(f"two moons with {type(activation).__name__}: validation accuracy {right:.1%}")

figure = Figure(figsize=(7, 4), layout="constrained")
axes = figure.subplots()
x = Tensor(np.linspace(-5, 5, 401), requires_grad=True)
y = squareplus(x, b=4.0)
first = minidl.grad(y.sum(), x, create_graph=True)
second = minidl.grad(first.sum(), x)
axes.plot(x.numpy(), minidl.relu(x).numpy(), ":", color="grey", label="relu(x), to compare")
for values, label, colour, line in ((y, "y", "#0072B2", "-"), (first, "y'", "#D55E00", "--"),
                                    (second, "y''", "#009E73", "-.")):  # fmt: skip
    axes.plot(x.numpy(), values.numpy(), line, color=colour, linewidth=2, label=label)
axes.set(xlabel="x", ylabel="squareplus and its derivatives", title="y = (x + sqrt(x² + 4)) / 2")
axes.legend()
figure.savefig(options.out / "own_operation.png", dpi=120)
print("figure", options.out / "own_operation.png")
