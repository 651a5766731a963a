"""An optimizer of your own: the rule, the check of its promises, its first steps with numbers, and a fair comparison.

Look at: `update` is the formula, on arrays that it changes in place. check_optimizer makes two dozen small experiments:
Forgetful has the commonest mistake, and is told which line to write. worked_steps shows whether the formula is the one
that you meant. The comparison gives it the same start, batches and number of rates as Adam. Change the rule, or the
name of the other: "adamw", "radam", `minidl optimizers` lists some sixty.

    python examples/own_optimizer.py [--quick] [--out FOLDER]
"""

import argparse

from numpy import absolute, exp, sqrt

from minidl import lab, optim


class DiffGrad(optim.Optimizer):
    """w <- w - lr xi m^ / (sqrt(v^) + eps),  xi = 1 / (1 + exp(-|last g - g|))             Dubey et al. 2020

    Adam with friction: where the gradient hardly changes xi is near 1/2, where it changes much it is near 1.
    """

    state = ("m", "v", "last")  # arrays of zeros for every parameter, given to update after g

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(self, w, g, m, v, last, *, lr, betas, eps, t):
        beta1, beta2 = betas
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g * g
        xi = 1 / (1 + exp(-absolute(last - g)))
        last[...] = g
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        w -= lr * xi * m_hat / (sqrt(v_hat) + eps)


class Forgetful(optim.Optimizer):
    """Momentum with a mistake: m = ... makes a new array, and the one that is remembered stays zero."""

    state = ("m",)

    def __init__(self, params, lr=1e-2, beta=0.9):
        super().__init__(params, lr=lr, beta=beta)

    def update(self, w, g, m, *, lr, beta):
        m = beta * m + (1 - beta) * g
        w -= lr * m


if __name__ == "__main__":  # the worker processes import this file to find DiffGrad
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rates, epochs and seeds")
    parser.add_argument("--out", type=lab.folder, default="results/own_optimizer", help="folder for the results")
    options = parser.parse_args()

    print(optim.check_optimizer(DiffGrad).verdict)
    report = optim.check_optimizer(Forgetful, raise_on_failure=False)
    print(report.verdict, *report.failed, sep="\n")

    print("\n" + optim.worked_steps(DiffGrad, gradients=[0.5, -0.3], steps=2, lr=0.1).text(110) + "\n")

    mine, small = f"{__file__}:DiffGrad", {"epochs": 2, "seeds": 2, "lr_grid": [0.001, 0.01], "jobs": 1}
    # the same on the command line: minidl compare --optimizers adam examples/own_optimizer.py:DiffGrad
    comparison = lab.compare("digits", ["adam", mine], **(small if options.quick else {"seeds": 3}))
    print(comparison)
    print("\nwrote", *comparison.save(options.out))
