"""The main job as code: a fair comparison of optimizers, with one's own rule beside minidl's.

Look at: SignDescent below is a complete optimizer. It starts from the same weights, sees the same batches and gets as
many learning rates to try as the others. Change its rule, or the problem: `--dataset moons`.

    python examples/compare_optimizers.py [--quick] [--out FOLDER] [--dataset digits]
"""

import argparse

import numpy as np

from minidl import lab, optim


class SignDescent(optim.Optimizer):
    """w <- w - lr sign(g): every parameter moves by the same amount           Bernstein et al. 2018"""

    def __init__(self, params, lr=1e-3, weight_decay=0.0):
        super().__init__(params, lr=lr, weight_decay=weight_decay)

    def update(self, w, g, *, lr):
        w -= lr * np.sign(g)


if __name__ == "__main__":  # the worker processes import this file to find SignDescent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer optimizers, rates and epochs")
    parser.add_argument("--out", type=lab.folder, default="results/compare_optimizers", help="folder for the results")
    parser.add_argument("--dataset", default="digits", help="digits, moons, spirals, mnist, fashion_mnist")
    options = parser.parse_args()
    try:
        lab.Problem.default(options.dataset).check()
    except (ValueError, OSError) as error:  # an unknown name, or data that are not here
        parser.error(str(error))

    mine = f"{__file__}:SignDescent"
    if options.quick:
        few = ["sgd", "adam", mine]
        comparison = lab.compare(options.dataset, few, epochs=3, seeds=2, lr_grid=[0.001, 0.01, 0.1], jobs=1)
    else:
        comparison = lab.compare(options.dataset, [*optim.names(), mine])
    print(comparison)

    # The records behind the table: every run, every evaluation. Which rates were usable at all?
    print(f"\nvalidation {comparison.metric} at the end, by learning rate")
    for name, spec in comparison.optimizers.items():
        runs = [r for r in comparison.tuning if r["optimizer"] == spec]
        print(f"{name:12}", *(f"{r['lr']:g}: {r[f'validation_{comparison.metric}']:.3g}  " for r in runs))

    paths = comparison.save(options.out)
    print("\nwrote", *paths)
