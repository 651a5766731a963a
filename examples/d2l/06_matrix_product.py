"""Why batches: the same product of two matrices, element by element, column by column, in blocks, at once (d2l 7.3).

Look at: the arithmetic is the same in all four, 2 n^3 operations; the seconds are not. What costs is the call and the
way to memory, so a few large products beat many small ones: the reason for mini-batches beside the noise (item 22).
Change n, or the size of the blocks.

    python examples/d2l/06_matrix_product.py [--quick] [--out FOLDER]
"""

import argparse
import time

import numpy as np
from matplotlib.figure import Figure

from minidl.lab import folder
from minidl.lab.landscape_figures import COLOURS

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="matrices of 128 x 128 in place of 512 x 512")
parser.add_argument("--out", type=folder, default="results/d2l/06_matrix_product", help="folder for the figure")
options = parser.parse_args()

n, block = (128, 32) if options.quick else (512, 64)
rng = np.random.default_rng(0)
b, c = rng.normal(size=(n, n)), rng.normal(size=(n, n))


def by_element(a):
    for i in range(n):
        for j in range(n):
            a[i, j] = b[i] @ c[:, j]


def by_column(a):
    for j in range(n):
        a[:, j] = b @ c[:, j]


def by_block(a):
    for j in range(0, n, block):
        a[:, j : j + block] = b @ c[:, j : j + block]


def at_once(a):
    a[:] = b @ c


print(f"a = b c of {n} x {n} numbers: {2 * n**3 / 1e9:.3f} thousand million operations")
seconds = {}
for product in (by_element, by_column, by_block, at_once):
    a = np.zeros((n, n))
    product(a)  # once to warm up
    assert np.allclose(a, b @ c)
    took = []
    for _ in range(2 if product is by_element else 10):
        began = time.perf_counter()
        product(a)
        took.append(time.perf_counter() - began)
    seconds[product.__name__] = min(took)
    print(f"{product.__name__:10}  {min(took):.5f} s  {2 * n**3 / min(took) / 1e9:8.2f} GFLOP/s")

figure = Figure(figsize=(7, 3.6), layout="constrained")
axes = figure.subplots()
names = [name.replace("_", " ") for name in seconds]
bars = axes.barh(names, [2 * n**3 / s / 1e9 for s in seconds.values()], color=COLOURS[0])
axes.bar_label(bars, [f" {s:.2g} s" for s in seconds.values()])
axes.invert_yaxis()
axes.margins(x=0.15)
axes.set(xscale="log", xlabel="thousand million operations per second (log scale)", title=f"The same {n} x {n} product")
figure.savefig(options.out / "matrix_product.png", dpi=120)
print("figure", options.out / "matrix_product.png")
