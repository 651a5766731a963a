"""A layer of your own: a Module with parameters and a forward; the rest, backward too, comes by itself.

Look at: every Tensor with requires_grad=True that you assign to self is a parameter: it is trained, saved, counted and
named. `forward` is written for a whole batch; comments give the shapes. The figure shows what this layer learns: its
centres spread over the moons and beyond their rims, where their bumps together tell the classes apart. Change the
number of centres, or start them all at one point.

    python examples/own_layer.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

import minidl
from minidl import Tensor, data, nn, optim
from minidl.lab import folder

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="fewer epochs")
parser.add_argument("--out", type=folder, default="results/own_layer", help="folder for figure and weights")
options = parser.parse_args()


class RBF(nn.Module):
    """y_k = exp(-width_k^2 |x - centre_k|^2)             radial basis functions, Broomhead & Lowe 1988

    x (N, D) to y (N, K): how near each sample is to each of K learned centres.
    """

    def __init__(self, in_features, centres, rng=0, dtype="float32"):
        rng = np.random.default_rng(rng)
        self.centres = Tensor(rng.normal(size=(centres, in_features)), requires_grad=True, dtype=dtype)
        self.width = Tensor(np.ones(centres), requires_grad=True, dtype=dtype)

    def forward(self, x):
        away = x.reshape(x.shape[0], 1, x.shape[1]) - self.centres  # (N, 1, D) - (K, D) = (N, K, D)
        return minidl.exp(-self.width * self.width * (away * away).sum(axis=2))


# 1. Is it right? Its parameters in double precision as inputs of gradcheck.
layer, x = RBF(2, 3, dtype="float64"), np.random.default_rng(1).normal(size=(5, 2))


def of_its_parameters(centres, width):
    layer.centres, layer.width = centres, width
    return layer(x)


print("gradcheck:", minidl.gradcheck(of_its_parameters, [layer.centres, layer.width]))

# 2. In a network, on two moons (generated).
moons = data.load("moons")
model = nn.Sequential(RBF(2, 8), nn.Dense(8, 2, rng=0))
print(model.summary())
before = model[0].centres.numpy()
loader = data.DataLoader(moons.train, 32, shuffle=True)
optimizer = optim.Adam(model.parameters(), lr=0.02)
minidl.fit(model, loader, optimizer, nn.CrossEntropyLoss(), 5 if options.quick else 40)
right = (model(moons.validation.x).data.argmax(axis=1) == moons.validation.y).mean()
print(f"two moons: validation accuracy {right:.1%}")

# 3. Saved and loaded by its parameters' names.
model.save(options.out / "rbf.safetensors")
again = nn.Sequential(RBF(2, 8, rng=1), nn.Dense(8, 2))
again.load(options.out / "rbf.safetensors")
assert np.array_equal(again(moons.test.x).data, model(moons.test.x).data)
print("saved and loaded:", ", ".join(model.state_dict()))

figure = Figure(figsize=(7, 4.4), layout="constrained")
axes = figure.subplots()
grid = np.stack(np.meshgrid(np.linspace(-3, 3, 240), np.linspace(-1.8, 2, 160)), axis=-1)
areas = model(grid.reshape(-1, 2)).data.argmax(axis=1).reshape(grid.shape[:2])
axes.contourf(grid[..., 0], grid[..., 1], areas, levels=[-0.5, 0.5, 1.5], colors=["#F3D9C5", "#CFE0EE"])
axes.scatter(*moons.train.x.T, c=np.where(moons.train.y, "#0072B2", "#D55E00"), s=5, alpha=0.5)
after = model[0].centres.numpy()
for a, b in zip(before, after, strict=True):
    axes.annotate("", b, a, arrowprops={"arrowstyle": "->", "color": "black"})
axes.plot(*after.T, "*", color="#F0E442", markeredgecolor="black", markersize=15, label="centre, and its way")
axes.set(xlabel="x1", ylabel="x2", title=f"Two moons, 8 centres: validation accuracy {right:.1%}")
axes.legend()
figure.savefig(options.out / "own_layer.png", dpi=120)
print(f"wrote {options.out / 'rbf.safetensors'} and {options.out / 'own_layer.png'}")
