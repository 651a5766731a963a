"""Tensors and backward: how a derivative is recorded and computed.

Look at: the gradient is added to `.grad` of what was made with requires_grad=True; a value used twice gets both
contributions; the derivative of a derivative is one more call. Change f (minidl.sin(x), x**3, minidl.exp(-x * x), ...)
and see its derivatives in the figure.

    python examples/01_tensors_and_backward.py [--quick] [--out FOLDER]
"""

import argparse

import numpy as np
from matplotlib.figure import Figure

import minidl
from minidl import Tensor
from minidl.lab import folder


def f(x):
    return minidl.tanh(x) + 0.1 * x * x


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--quick", action="store_true", help="fewer points in the figure")
parser.add_argument("--out", type=folder, default="results/01_tensors_and_backward", help="folder for the figure")
options = parser.parse_args()

# 1. A result remembers how it was made.
a = Tensor([1.0, 2.0, 3.0], requires_grad=True)
b = Tensor(2.0, requires_grad=True)
loss = (a * b).sum()
print("loss           ", loss)

# 2. backward() walks back along that memory: d loss / d a = b, d loss / d b = 1 + 2 + 3.
loss.backward()
print("d loss / d a   ", a.grad)
print("d loss / d b   ", b.grad)

# 3. A value used twice gets both contributions: d = (a + a) b, so d d / d a = 2 b.
a.grad = None
((a + a) * b.detach()).sum().backward()
print("used twice     ", a.grad)

# 4. create_graph=True makes the derivative a Tensor like any other, which can be differentiated again.
x = Tensor(np.linspace(-4, 4, 41 if options.quick else 401), requires_grad=True)
y = f(x)
first = minidl.grad(y.sum(), x, create_graph=True)
second = minidl.grad(first.sum(), x)

# 5. Is the derivative right? Ask finite differences.
print("gradcheck      ", minidl.gradcheck(f, Tensor(np.array([-1.5, 0.3, 2.0]), requires_grad=True), order=2))

figure = Figure(figsize=(7, 4), layout="constrained")
axes = figure.subplots()
for values, label in ((y, "f(x)"), (first, "f'(x)"), (second, "f''(x)")):
    axes.plot(x.numpy(), values.numpy(), label=label)
axes.axhline(0, color="grey", linewidth=0.6)
axes.set(xlabel="x", title="A function and its derivatives, by backward()")
axes.legend()
figure.savefig(options.out / "derivatives.png", dpi=120)
print("figure         ", options.out / "derivatives.png")
